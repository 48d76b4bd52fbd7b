package admin

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"hearsay/hub"
	"hearsay/hub/page"
	"hearsay/hub/store"
)

// applications is the list of applications.
type applications struct {
	page.Frame
	page.Listing
	List      []store.Application
	Connected map[int64]hub.ApplicationStatus
}

var applicationFilters = []page.Choice{{Value: "", Label: "All"}, {Value: "suspended", Label: "Suspended"}}

func (s *server) serveApplications(w http.ResponseWriter, r *http.Request) error {
	p := applications{Frame: s.Frame(r, "Applications"), Listing: page.ReadListing(r), Connected: map[int64]hub.ApplicationStatus{}}
	for _, one := range s.Hub.Status().Applications {
		p.Connected[one.ID] = one
	}
	var err error
	if p.List, p.Total, err = s.Store.ApplicationsPage(r.Context(), p.Page()); err != nil {
		return err
	}
	return s.Show(w, r, applicationsPage(p))
}

// applicationForm is the page on which an application is made or changed.
type applicationForm struct {
	page.Frame
	page.Form
	ShortName string // of the one that is changed; "": a new one
}

func (s *server) showApplicationForm(w http.ResponseWriter, r *http.Request, code int, f page.Form, shortName string) error {
	title := "New application"
	if shortName != "" {
		title = "Edit " + shortName
	}
	s.Render(w, r, code, applicationFormPage(applicationForm{s.Frame(r, title), f, shortName}))
	return nil
}

func (s *server) serveApplicationNew(w http.ResponseWriter, r *http.Request) error {
	return s.showApplicationForm(w, r, http.StatusOK, page.Form{Values: url.Values{"sync_form": {"records"}}}, "")
}

func (s *server) serveApplicationAdd(w http.ResponseWriter, r *http.Request) error {
	f := page.Posted(r)
	a := store.Application{
		ShortName: f.Text("short_name"), Name: f.Text("name"), SyncForm: f.Text("sync_form"), Credentials: f.On("credentials"),
	}
	c, err := s.Store.CreateApplication(r.Context(), a, store.SecretForm(f.On("uuid")))
	if f.Fault(err) {
		return s.showApplicationForm(w, r, http.StatusUnprocessableEntity, f, "")
	}
	if err != nil {
		return err
	}
	s.keepSecret(page.Who(r).ID, page.NewSecret{Credential: c, Noun: "application", ShortName: a.ShortName})
	http.Redirect(w, r, applicationKind.path(a.ShortName)+"/secret", http.StatusSeeOther)
	return nil
}

func (s *server) serveApplicationEdit(w http.ResponseWriter, r *http.Request) error {
	a, err := s.Store.Application(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	f := page.Form{Values: url.Values{"name": {a.Name}, "sync_form": {a.SyncForm}, "credentials": {page.Checkbox(a.Credentials)}}}
	return s.showApplicationForm(w, r, http.StatusOK, f, a.ShortName)
}

func (s *server) serveApplicationChange(w http.ResponseWriter, r *http.Request) error {
	f, name := page.Posted(r), r.PathValue("name")
	title, syncForm, credentials := f.Text("name"), f.Text("sync_form"), f.On("credentials")
	err := s.Store.UpdateApplication(r.Context(), name, store.ApplicationEdit{Name: &title, SyncForm: &syncForm, Credentials: &credentials})
	if f.Fault(err) {
		return s.showApplicationForm(w, r, http.StatusUnprocessableEntity, f, name)
	}
	if err != nil {
		return err
	}
	return s.Done(w, r, applicationKind.path(name), "Saved "+name+".")
}

// application is the page of one application.
type application struct {
	page.Frame
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
	return s.Show(w, r, applicationPage(application{s.Frame(r, a.ShortName), a, s.applicationLine(r.Context(), time.Now(), s.Hub.Status(), a)}))
}

// applicationTopic is how far the application is that the query names.
func (s *server) applicationTopic() page.Topic {
	t := page.Showing(func(ctx context.Context, q url.Values) (applicationLine, error) {
		a, err := s.Store.Application(ctx, q.Get("name"))
		if err != nil {
			return applicationLine{}, err
		}
		return s.applicationLine(ctx, time.Now(), s.Hub.Status(), a), nil
	}, applicationSync, "name")
	t.Who = page.Admin
	return t
}
