package admin

import (
	"net/http"
	"runtime"
	"time"

	"hearsay/assets"
	"hearsay/hub/page"
	"hearsay/hub/store"
)

// about is the page of what runs here.
type about struct {
	page.Frame
	Go, System string
	SQLite     string
	Started    time.Time
	File       store.File
}

func (s *server) serveAbout(w http.ResponseWriter, r *http.Request) error {
	file, err := store.Inspect(r.Context(), s.Store.Path())
	if err != nil {
		return err
	}
	return s.Show(w, r, aboutPage(about{
		Frame: s.Frame(r, "About"), Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, SQLite: store.SQLite,
		Started: s.Started, File: file,
	}))
}

// licences is the page of what others have made of the program.
type licences struct {
	page.Frame
	List []assets.Licence
}

func (s *server) serveLicences(w http.ResponseWriter, r *http.Request) error {
	return s.Show(w, r, licencesPage(licences{s.Frame(r, "Licences"), assets.Licences()}))
}
