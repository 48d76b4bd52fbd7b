package command

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"hearsay/admin/setting"
	"hearsay/hub/store"
)

// healthLimit is how long the server may take to answer.
const healthLimit = 5 * time.Second

func healthcheckCommand() *cobra.Command {
	var target, listen, cert string
	var anyCert bool
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask a running server whether it is ready; the exit code tells",
		Long: `Ask a running server whether it is ready; the exit code tells. Without --url it asks the server
of this machine, at the address of --listen: by https if --tls-cert names a certificate, whatever
name that has. HEARSAY_LISTEN and HEARSAY_TLS_CERT, which the server is given, serve it as well.`,
		Example: "  hearsay healthcheck\n  hearsay healthcheck --url https://hub.example/readyz",
		Args:    take(),
		RunE: run(unopened, func(c *call) error {
			if target == "" {
				address, err := setting.Reachable(listen)
				if err != nil {
					return err
				}
				target, anyCert = "http://"+address+"/readyz", true
				if cert != "" {
					target = "https://" + address + "/readyz"
				}
			}
			u, err := url.Parse(target)
			if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
				return &store.FieldError{Field: "url", Reason: fmt.Sprintf("%q is no web address; use http:// or https:// and a host", target)}
			}
			return c.probe(u, anyCert)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&target, "url", "", "what to ask, instead of the server of this machine")
	f.StringVar(&listen, "listen", setting.Default().Listen, "`address` that the server listens on, as serve takes it")
	f.StringVar(&cert, "tls-cert", "", "PEM `file` of the server's certificate, as serve takes it: then it is asked by https")
	f.BoolVar(&anyCert, "any-certificate", false, "take whatever certificate the server of --url has, such as one that is self-signed")
	return cmd
}

// probe asks. With anyCert nobody proves that it is the right server: nothing secret is said.
func (c *call) probe(u *url.URL, anyCert bool) error {
	request, err := http.NewRequestWithContext(c.Context(), http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{InsecureSkipVerify: anyCert}}
	defer transport.CloseIdleConnections()
	client := http.Client{Timeout: healthLimit, Transport: transport}
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("the server does not answer; is it running? %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	const most = 1000
	sentence, err := io.ReadAll(io.LimitReader(answer.Body, most))
	if err != nil {
		return fmt.Errorf("the server answered %s: %w", answer.Status, err)
	}
	return fmt.Errorf("the server is not ready: %s (%s)", oneLine(string(sentence)), answer.Status)
}
