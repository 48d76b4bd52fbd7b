package site

import (
	"encoding/xml"
	"net/http"
	"time"

	"hearsay/hub/page"
)

const (
	// mostAddresses is how many a map may have, by its standard.
	mostAddresses = 50_000
	// mostPeople is how many of them are profiles: more would take long for who asks often.
	mostPeople = 5_000
)

// A sitemap is that of sitemaps.org.
type sitemap struct {
	XMLName xml.Name  `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
	URLs    []address `xml:"url"`
}

type address struct {
	Loc string `xml:"loc"`
}

func (s *Site) serveSitemap(w http.ResponseWriter, r *http.Request) error {
	var m sitemap
	origin := s.Origin(r)
	add := func(path string) {
		if len(m.URLs) < mostAddresses {
			m.URLs = append(m.URLs, address{origin + path})
		}
	}
	for _, path := range []string{"/", "/games", "/channels", "/events", "/conduct", "/docs"} {
		add(path)
	}
	open, err := s.Store.PublicChannels(r.Context())
	if err != nil {
		return err
	}
	for _, c := range open {
		add(channelPath(c.Name))
	}
	names, err := s.Store.PublicNames(r.Context(), mostAddresses)
	if err != nil {
		return err
	}
	for _, name := range names {
		add(gamePath(name))
	}
	people, err := s.Store.PublicPeople(r.Context(), mostPeople, time.Now())
	if err != nil {
		return err
	}
	for _, name := range people {
		add(personPath(name))
	}
	return s.xml(w, r, "application/xml; charset=utf-8", m)
}

func (s *Site) serveRobots(w http.ResponseWriter, r *http.Request) {
	s.Public(w, r)
	page.Plain(w, http.StatusOK, "User-agent: *\nDisallow: /admin\nDisallow: /login\nDisallow: /account\nDisallow: /characters\nDisallow: /sign-up/\nDisallow: /live/\n\nSitemap: "+s.Origin(r)+"/sitemap.xml")
}
