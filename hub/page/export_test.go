package page

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/a-h/templ"

	"hearsay/assets"
)

// LivePage serves a page with live parts at "/": a text, the rows of a table, and two in one.
func LivePage(text func() string, allowed func() bool) http.Handler {
	load := func(context.Context, url.Values) (string, error) { return text(), nil }
	html := func(format string) func(string) templ.Component {
		return func(text string) templ.Component { return templ.Raw(fmt.Sprintf(format, templ.EscapeString(text))) }
	}
	l := NewTopics(map[string]Topic{
		"text": Showing(load, html(`<p id="said">%s</p>`)),
		"parts": ShowingParts(load, func(text string) []Part {
			return []Part{{"first", html("<b>%s</b>")(text)}, {"second", html("<i>still</i>%.0s")(text)}}
		}),
		"rows": Showing(load, html(`<tr><td id="cell">%s</td></tr>`)),
	}, nil, quiet)
	l.alive = time.Second
	mux := http.NewServeMux()
	mux.Handle("/admin/live/", liveHandler(l, func(Access) bool { return allowed() }))
	mux.Handle("/assets/", assets.Handler())
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		page := templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			_, _ = fmt.Fprint(w, `<!DOCTYPE html><html lang="en"><head><title>Live</title><link rel="icon" href="`+Icon+`">`)
			_ = LiveSettings().Render(ctx, w)
			_, _ = fmt.Fprint(w, `</head><body><h1>Live</h1><input id="typed">`)
			_ = Live("/admin/live/text").Render(templ.WithChildren(ctx, templ.Raw(`<p id="said">before</p>`)), w)
			_, _ = fmt.Fprint(w, `<table><tbody `)
			_ = templ.RenderAttributes(ctx, w, LiveAttributes(ctx, "/admin/live/rows?sort=name"))
			_, _ = fmt.Fprint(w, `><tr><td id="cell">before</td></tr></tbody></table>`)
			_ = Live("/admin/live/parts").Render(templ.WithChildren(ctx, templ.Raw(`<p id="first"></p><p id="second"></p>`)), w)
			_ = LiveScripts().Render(ctx, w)
			_, err := fmt.Fprint(w, `</body></html>`)
			return err
		})
		_ = page.Render(r.Context(), w)
	})
	return guard(mux, func(*http.Request) bool { return false })
}
