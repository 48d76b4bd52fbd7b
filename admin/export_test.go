package admin

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
	l := newTopics(map[string]topic{
		"text": showing(load, html(`<p id="said">%s</p>`)),
		"parts": showingParts(load, func(text string) []part {
			return []part{{"first", html("<b>%s</b>")(text)}, {"second", html("<i>still</i>%.0s")(text)}}
		}),
		"rows": showing(load, html(`<tr><td id="cell">%s</td></tr>`)),
	}, nil, quiet)
	l.alive = time.Second
	mux := http.NewServeMux()
	mux.Handle("/admin/live/", liveHandler(l, func(access) bool { return allowed() }))
	mux.Handle("/assets/", assets.Handler())
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		page := templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			_, _ = fmt.Fprint(w, `<!DOCTYPE html><html lang="en"><head><title>Live</title><link rel="icon" href="`+icon+`">`)
			_ = liveSettings().Render(ctx, w)
			_, _ = fmt.Fprint(w, `</head><body><h1>Live</h1><input id="typed">`)
			_ = live("/admin/live/text").Render(templ.WithChildren(ctx, templ.Raw(`<p id="said">before</p>`)), w)
			_, _ = fmt.Fprint(w, `<table><tbody `)
			_ = templ.RenderAttributes(ctx, w, liveAttributes(ctx, "/admin/live/rows?sort=name"))
			_, _ = fmt.Fprint(w, `><tr><td id="cell">before</td></tr></tbody></table>`)
			_ = live("/admin/live/parts").Render(templ.WithChildren(ctx, templ.Raw(`<p id="first"></p><p id="second"></p>`)), w)
			_ = liveScripts().Render(ctx, w)
			_, err := fmt.Fprint(w, `</body></html>`)
			return err
		})
		_ = page.Render(r.Context(), w)
	})
	return guard(mux)
}

// Routes are the patterns of all routes.
func Routes() (patterns []string) {
	for _, one := range (&server{}).routes() {
		patterns = append(patterns, one.pattern)
	}
	return patterns
}
