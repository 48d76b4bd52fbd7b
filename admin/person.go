package admin

import (
	"net/http"
	"strings"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// people is the list of those who may sign in.
type people struct {
	page.Frame
	page.Listing
	List []store.User
}

var personFilters = []page.Choice{
	{Value: "", Label: "All"}, {Value: string(store.Admin), Label: "Admins"}, {Value: string(store.Moderator), Label: "Moderators"}, {Value: string(store.Person), Label: "Persons"},
	{Value: waitingFilter, Label: "Waiting"}, {Value: "banned", Label: "Banned"},
}

// waitingFilter is the list of those who have signed up and wait for approval.
const waitingFilter = "waiting"

func (s *server) servePeople(w http.ResponseWriter, r *http.Request) (err error) {
	p := people{Frame: s.Frame(r, "People"), Listing: page.ReadListing(r)}
	if p.List, p.Total, err = s.Store.UsersPage(r.Context(), p.Page()); err != nil {
		return err
	}
	return s.Show(w, r, peoplePage(p))
}

// newPerson is the form of a new user.
type newPerson struct {
	page.Frame
	page.Form
}

func (s *server) servePersonNew(w http.ResponseWriter, r *http.Request) error {
	f := page.Form{Values: map[string][]string{"role": {string(store.Moderator)}}}
	return s.Show(w, r, newPersonPage(newPerson{s.Frame(r, "New user"), f}))
}

// servePersonAdd adds a user whose password nobody knows, and a link to set one.
func (s *server) servePersonAdd(w http.ResponseWriter, r *http.Request) error {
	f := page.Posted(r)
	u, err := s.Store.InviteUser(r.Context(), store.User{Username: f.Text("username"), Role: store.Role(f.Text("role"))})
	if f.Fault(err) {
		s.Render(w, r, http.StatusUnprocessableEntity, newPersonPage(newPerson{s.Frame(r, "New user"), f}))
		return nil
	}
	if err != nil {
		return err
	}
	return s.showLink(w, r, u)
}

// person is the page of one user.
type person struct {
	page.Frame
	Of       store.User
	Self     bool
	Sessions sessions
	Link     string // that sets a password; shown once
}

func (p person) path() string { return "/admin/people/" + p.Of.Username }

func (s *server) person(r *http.Request, u store.User) (person, error) {
	p := person{Frame: s.Frame(r, u.Username), Of: u, Self: u.ID == page.Who(r).User.ID}
	all, err := s.Store.Sessions(r.Context(), u.Username)
	p.Sessions = sessions{Frame: p.Frame, List: all, Current: page.Who(r).ID, Revoke: "/admin/sessions/"}
	return p, err
}

func (s *server) servePerson(w http.ResponseWriter, r *http.Request) error {
	u, err := s.Store.User(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	p, err := s.person(r, u)
	if err != nil {
		return err
	}
	return s.Show(w, r, personPage(p))
}

func (s *server) servePersonLink(w http.ResponseWriter, r *http.Request) error {
	u, err := s.Store.User(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	return s.showLink(w, r, u)
}

// showLink answers with the user's page and a new link on it.
func (s *server) showLink(w http.ResponseWriter, r *http.Request, u store.User) error {
	token, err := s.Store.CreatePasswordLink(r.Context(), u.Username, time.Now())
	if err != nil {
		return err
	}
	p, err := s.person(r, u)
	if err != nil {
		return err
	}
	p.Link = s.Origin(r) + "/password/" + token
	return s.Show(w, r, personPage(p))
}

func (s *server) servePersonRole(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	role := store.Role(r.PostFormValue("role"))
	if err := s.Store.SetRole(r.Context(), name, role); err != nil {
		return err
	}
	return s.Done(w, r, "/admin/people/"+name, name+" is "+string(role)+" now.")
}

func (s *server) servePersonTOTPOff(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	if err := s.Store.DisableTOTP(r.Context(), name); err != nil {
		return err
	}
	return s.Done(w, r, "/admin/people/"+name, "A login of "+name+" takes the password alone now.")
}

func (s *server) servePersonRemove(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	if !strings.EqualFold(r.PostFormValue("confirm"), name) {
		return page.Invalid("confirm", "type the username, "+name+", to remove it")
	}
	if err := s.Store.DeleteUser(r.Context(), name); err != nil {
		return err
	}
	return s.Done(w, r, "/admin/people", "Removed "+name+".")
}

// browser says which browser an agent is, as far as people care.
func browser(agent string) string {
	name := "another program"
	for _, one := range [][2]string{
		{"Edg", "Edge"}, {"OPR", "Opera"}, {"Firefox", "Firefox"}, {"Chrom", "Chrome"}, {"Safari", "Safari"}, {"curl", "curl"},
	} {
		if strings.Contains(agent, one[0]) {
			name = one[1]
			break
		}
	}
	for _, one := range [][2]string{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS", "macOS"}, {"Linux", "Linux"},
	} {
		if strings.Contains(agent, one[0]) {
			return name + " on " + one[1]
		}
	}
	return name
}
