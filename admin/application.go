package admin

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"hearsay/hub"
	"hearsay/hub/store"
)

// applications is the list of applications.
type applications struct {
	frame
	listing
	List      []store.Application
	Connected map[int64]hub.ApplicationStatus
}

var applicationFilters = []choice{{"", "All"}, {"suspended", "Suspended"}}

func (s *server) serveApplications(w http.ResponseWriter, r *http.Request) error {
	p := applications{frame: s.frame(r, "Applications"), listing: readListing(r), Connected: map[int64]hub.ApplicationStatus{}}
	for _, one := range s.Hub.Status().Applications {
		p.Connected[one.ID] = one
	}
	var err error
	if p.List, p.Total, err = s.Store.ApplicationsPage(r.Context(), p.page()); err != nil {
		return err
	}
	return s.show(w, r, applicationsPage(p))
}

// applicationForm is the page on which an application is made or changed.
type applicationForm struct {
	frame
	form
	ShortName string // of the one that is changed; "": a new one
}

func (s *server) showApplicationForm(w http.ResponseWriter, r *http.Request, code int, f form, shortName string) error {
	title := "New application"
	if shortName != "" {
		title = "Edit " + shortName
	}
	s.render(w, r, code, applicationFormPage(applicationForm{s.frame(r, title), f, shortName}))
	return nil
}

func (s *server) serveApplicationNew(w http.ResponseWriter, r *http.Request) error {
	return s.showApplicationForm(w, r, http.StatusOK, form{values: url.Values{"sync_form": {"versions"}}}, "")
}

func (s *server) serveApplicationAdd(w http.ResponseWriter, r *http.Request) error {
	f := posted(r)
	a := store.Application{
		ShortName: f.Text("short_name"), Name: f.Text("name"), SyncForm: f.Text("sync_form"), Credentials: f.On("credentials"),
	}
	c, err := s.Store.CreateApplication(r.Context(), a, store.SecretForm(f.On("uuid")))
	if f.fault(err) {
		return s.showApplicationForm(w, r, http.StatusUnprocessableEntity, f, "")
	}
	if err != nil {
		return err
	}
	s.keepSecret(who(r).ID, newSecret{Credential: c, Noun: "application", ShortName: a.ShortName})
	http.Redirect(w, r, applicationKind.path(a.ShortName)+"/secret", http.StatusSeeOther)
	return nil
}

func (s *server) serveApplicationEdit(w http.ResponseWriter, r *http.Request) error {
	a, err := s.Store.Application(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	f := form{values: url.Values{"name": {a.Name}, "sync_form": {a.SyncForm}, "credentials": {checkbox(a.Credentials)}}}
	return s.showApplicationForm(w, r, http.StatusOK, f, a.ShortName)
}

func (s *server) serveApplicationChange(w http.ResponseWriter, r *http.Request) error {
	f, name := posted(r), r.PathValue("name")
	title, syncForm, credentials := f.Text("name"), f.Text("sync_form"), f.On("credentials")
	err := s.Store.UpdateApplication(r.Context(), name, store.ApplicationEdit{Name: &title, SyncForm: &syncForm, Credentials: &credentials})
	if f.fault(err) {
		return s.showApplicationForm(w, r, http.StatusUnprocessableEntity, f, name)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, applicationKind.path(name), "Saved "+name+".")
}

// application is the page of one application.
type application struct {
	frame
	store.Application
	Sync applicationLine
}

// Access is what the page says of its credentials.
func (a application) Access() peerAccess {
	return peerAccess{
		applicationKind, a.ShortName, a.ClientID, a.SecretUsedAt, a.OldSecretUsedAt, a.OldSecretEndsAt,
		a.Suspended, a.SuspendedReason, a.SuspendedUntil, a.Now,
	}
}

func (s *server) serveApplication(w http.ResponseWriter, r *http.Request) error {
	a, err := s.Store.Application(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	return s.show(w, r, applicationPage(application{s.frame(r, a.ShortName), a, s.applicationLine(r.Context(), time.Now(), s.Hub.Status(), a)}))
}

// applicationTopic is how far the application is that the query names.
func (s *server) applicationTopic() topic {
	t := showing(func(ctx context.Context, q url.Values) (applicationLine, error) {
		a, err := s.Store.Application(ctx, q.Get("name"))
		if err != nil {
			return applicationLine{}, err
		}
		return s.applicationLine(ctx, time.Now(), s.Hub.Status(), a), nil
	}, applicationSync)
	t.who = admin
	return t
}
