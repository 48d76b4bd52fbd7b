package page

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"hearsay/hub/store"
)

// PageSize is how many rows a page of a list has.
const PageSize = 50

// A Listing is which part of a list a page shows; all of it is in the URL.
type Listing struct {
	Path   string
	Search string
	Filter string
	Sort   string
	Desc   bool
	Number int // of the page, from 1
	Total  int // rows that match
	Per    int // rows of a page; 0: PageSize
	extra  url.Values
}

// Listing reads the URL. extra are filters of the list's own, kept by all links.
func ReadListing(r *http.Request, extra ...string) Listing {
	q := r.URL.Query()
	l := Listing{
		Path: r.URL.Path, Search: q.Get("q"), Filter: q.Get("filter"), Sort: q.Get("sort"), Desc: q.Get("desc") != "",
		Number: 1, extra: url.Values{},
	}
	if n, err := strconv.Atoi(q.Get("page")); err == nil && n > 1 && n < 1e6 {
		l.Number = n
	}
	for _, key := range extra {
		if q.Get(key) != "" {
			l.extra.Set(key, q.Get(key))
		}
	}
	return l
}

// Extra is the value of a filter of the list's own.
func (l Listing) Extra(key string) string { return l.extra.Get(key) }

// Page is the part of the list that the store is asked for.
func (l Listing) Page() store.Page {
	return store.Page{
		Search: l.Search, Filter: l.Filter, Sort: l.Sort, Desc: l.Desc, Offset: (l.Number - 1) * PageSize, Limit: PageSize,
	}
}

// URL is the address of this listing.
func (l Listing) URL() string {
	q := url.Values{}
	for key, values := range l.extra {
		q[key] = values
	}
	for key, value := range map[string]string{"q": l.Search, "filter": l.Filter, "sort": l.Sort, "desc": Checkbox(l.Desc)} {
		if value != "" {
			q.Set(key, value)
		}
	}
	if l.Number > 1 {
		q.Set("page", strconv.Itoa(l.Number))
	}
	if len(q) == 0 {
		return l.Path
	}
	return l.Path + "?" + q.Encode()
}

// At is another page of it.
func (l Listing) At(number int) Listing {
	l.Number = number
	return l
}

// Filtered is its first page under another filter.
func (l Listing) Filtered(filter string) Listing {
	l.Filter, l.Number = filter, 1
	return l
}

// mostFirst are the columns of which people first want the most, or the newest.
var mostFirst = []string{"players", "seen", "created"}

// Sorted is its first page in the order of a column, the other way round if it is
// already in that order.
func (l Listing) Sorted(by string) Listing {
	l.Desc = l.Sort == by && !l.Desc || l.Sort != by && slices.Contains(mostFirst, by)
	l.Sort, l.Number = by, 1
	return l
}

// Order is the aria-sort of a column.
func (l Listing) Order(by string) string {
	switch {
	case l.Sort != by:
		return "none"
	case l.Desc:
		return "descending"
	}
	return "ascending"
}

// Pages is how many there are.
func (l Listing) Pages() int {
	per := cmp.Or(l.Per, PageSize)
	return max(1, (l.Total+per-1)/per)
}

// Narrowed reports whether the list is searched or filtered.
func (l Listing) Narrowed() bool { return l.Search != "" || l.Filter != "" || len(l.extra) > 0 }
