package admin

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// A passage is the part of the chat log that a page shows, the newest first, and the
// addresses of those beside it.
type passage struct {
	List                 []store.Found
	Hit                  store.MessageID // that stands in the middle and is marked; 0: none
	Newest, Newer, Older string          // "": that is here, or there is none
	Unread               int             // newest messages that could not be searched yet
	Hub                  string          // short name of the hub itself
}

// passage reads the part of what a search finds that the address names: before, after or
// around a message, or else the end of the log.
func (s *server) passage(ctx context.Context, q store.Search, at *url.URL) (p passage, err error) {
	p.Hub = s.Hub.Terms().Name
	if hit := messageID(at, "at"); hit > 0 {
		return s.around(ctx, q, at, hit)
	}
	q.Before, q.After = messageID(at, "before"), messageID(at, "after")
	q.Oldest, q.Limit = q.After > 0, page.PageSize
	found, err := s.Store.SearchMessages(ctx, q)
	if err != nil {
		return p, err
	}
	p.List, p.Unread = found.Messages, found.Unread
	older, newer := found.More, q.Before > 0
	if q.Oldest {
		slices.Reverse(p.List)
		older, newer = true, found.More
	}
	if q.Before > 0 || q.After > 0 {
		p.Newest = at.Path + "?" + filtersOf(at).Encode()
	}
	if n := len(p.List); n > 0 && newer {
		p.Newer = beside(at, "after", p.List[0].ID)
	}
	if n := len(p.List); n > 0 && older {
		p.Older = beside(at, "before", p.List[n-1].ID)
	}
	return p, nil
}

// around reads as much before a message as after it.
func (s *server) around(ctx context.Context, q store.Search, at *url.URL, hit store.MessageID) (p passage, err error) {
	p.Hub = s.Hub.Terms().Name
	later, earlier := q, q
	later.After, later.Oldest, later.Limit = hit, true, page.PageSize/2
	earlier.Before, earlier.Limit = hit+1, page.PageSize/2
	after, err := s.Store.SearchMessages(ctx, later)
	if err != nil {
		return p, err
	}
	before, err := s.Store.SearchMessages(ctx, earlier)
	if err != nil {
		return p, err
	}
	slices.Reverse(after.Messages)
	p = passage{List: slices.Concat(after.Messages, before.Messages), Hit: hit, Unread: after.Unread}
	p.Newest = at.Path + "?" + filtersOf(at).Encode()
	if after.More {
		p.Newer = beside(at, "after", p.List[0].ID)
	}
	if before.More {
		p.Older = beside(at, "before", p.List[len(p.List)-1].ID)
	}
	return p, nil
}

func messageID(at *url.URL, key string) store.MessageID {
	n, err := strconv.ParseInt(at.Query().Get(key), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return store.MessageID(n)
}

// beside is the address of another part of the same.
func beside(at *url.URL, key string, id store.MessageID) string {
	q := filtersOf(at)
	q.Set(key, strconv.FormatInt(int64(id), 10))
	return at.Path + "?" + q.Encode()
}

// filtersOf is what an address says without the place.
func filtersOf(at *url.URL) url.Values {
	q := at.Query()
	for key, values := range q {
		if values[0] == "" || key == "before" || key == "after" || key == "at" || key == "version" {
			q.Del(key)
		}
	}
	return q
}

// found is the page on which the chat log is searched.
type found struct {
	page.Frame
	page.Form
	passage
	Channels []string
	Filters  string // of the address, for the export
	Narrowed bool   // something is searched for
}

func (s *server) serveMessages(w http.ResponseWriter, r *http.Request) error {
	p := found{Form: page.Form{Values: r.URL.Query()}}
	all, err := s.Store.Channels(r.Context())
	if err != nil {
		return err
	}
	for _, c := range all {
		p.Channels = append(p.Channels, c.Name)
	}
	q, err := searchIn(p.Form)
	if err == nil {
		p.passage, err = s.passage(r.Context(), q, r.URL)
	}
	if err != nil && !p.Fault(err) {
		return err
	}
	filters := filtersOf(r.URL)
	p.Filters, p.Narrowed = filters.Encode(), len(filters) > 0
	p.Frame = s.Frame(r, "Messages")
	return s.Show(w, r, messagesPage(p))
}

// searchIn is what the fields of the page's form look for.
func searchIn(f page.Form) (q store.Search, err error) {
	q = store.Search{Words: f.Text("words"), Game: f.Text("game"), Player: f.Text("player"), Channel: f.Text("channel")}
	if q.From, err = f.Moment("from"); err == nil {
		q.Until, err = f.Moment("until")
	}
	return q, err
}

// serveExport sends all that the page's form looks for as a file.
func (s *server) serveExport(w http.ResponseWriter, r *http.Request) error {
	f := page.Form{Values: r.URL.Query()}
	q, err := searchIn(f)
	if err != nil {
		return err
	}
	format := store.Format(f.Text("format"))
	h := w.Header()
	h.Set("Content-Type", map[store.Format]string{store.CSV: "text/csv; charset=utf-8", store.JSON: "application/json"}[format])
	h.Set("Content-Disposition", `attachment; filename="messages-`+time.Now().UTC().Format("2006-01-02")+`.`+string(format)+`"`)
	out := &begun{ResponseWriter: w}
	err = s.Store.ExportMessages(r.Context(), out, format, q)
	switch {
	case err == nil:
		return nil
	case out.begun: // the browser must not take half of it for all
		s.Log.Warn("an export broke off", "err", err)
		panic(http.ErrAbortHandler)
	}
	h.Del("Content-Disposition")
	return err
}

// begun is an answer that knows whether something was written.
type begun struct {
	http.ResponseWriter
	begun bool
}

func (b *begun) Write(p []byte) (int, error) {
	b.begun = true
	return b.ResponseWriter.Write(p)
}

// besideMessage is where a message is read between what was said on its channel before and after.
func besideMessage(channel string, id store.MessageID) string {
	n := strconv.FormatInt(int64(id), 10)
	return channelPath(channel) + "?at=" + n + "#m" + n
}

// searchPath is the address of a search.
func searchPath(fields ...string) string {
	q := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		q.Set(fields[i], fields[i+1])
	}
	return "/admin/messages?" + q.Encode()
}

// loadConversation is the end of a channel's log, for the page that goes on by itself.
func (s *server) loadConversation(ctx context.Context, q url.Values) (passage, error) {
	name := q.Get("channel")
	return s.passage(ctx, store.Search{Channel: name}, &url.URL{Path: channelPath(name)})
}
