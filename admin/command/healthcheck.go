package command

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"hearsay/hub/store"
)

// healthLimit is how long the server may take to answer.
const healthLimit = 5 * time.Second

func healthcheckCommand() *cobra.Command {
	var target string
	cmd := &cobra.Command{
		Use:     "healthcheck",
		Short:   "Ask a running server whether it is ready; the exit code tells",
		Example: "  hearsay healthcheck --url http://127.0.0.1:8080/readyz",
		Args:    take(),
		RunE: run(unopened, func(c *call) error {
			u, err := url.Parse(target)
			if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
				return &store.FieldError{Field: "url", Reason: fmt.Sprintf("%q is no web address; use http:// or https:// and a host", target)}
			}
			return c.probe(u)
		}),
	}
	cmd.Flags().StringVar(&target, "url", "http://127.0.0.1:8080/readyz", "what to ask")
	return cmd
}

func (c *call) probe(u *url.URL) error {
	request, err := http.NewRequestWithContext(c.Context(), http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: healthLimit}
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
