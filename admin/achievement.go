package admin

import (
	"net/http"
	"net/url"
	"strconv"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// achievements is the page of those of one game.
type achievements struct {
	page.Frame
	page.Form
	Synced    synced
	ShortName string
	List      []store.Achievement
}

// Points is what all of them give.
func (p achievements) Points() (sum int) {
	for _, a := range p.List {
		sum += a.Points
	}
	return sum
}

// FormOf holds an achievement, or what was just sent to change it.
func (p achievements) FormOf(a store.Achievement) page.Form {
	if p.Text("key") == a.Key && p.Wrong("sure") == "" {
		return p.Form
	}
	v := url.Values{
		"title": {a.Title}, "points": {strconv.Itoa(a.Points)}, "display": {page.Checkbox(a.Display)}, "partial_progress": {page.Checkbox(a.PartialProgress)},
	}
	if a.Description != nil {
		v.Set("description", *a.Description)
	}
	if a.TotalProgress != nil {
		v.Set("total_progress", strconv.FormatInt(*a.TotalProgress, 10))
	}
	return page.Form{Values: v}
}

// NewForm holds what was just sent for a new one.
func (p achievements) NewForm() page.Form {
	if p.Text("key") != "" || p.Values == nil {
		return page.Form{Values: url.Values{"points": {"0"}, "display": {"on"}}}
	}
	return p.Form
}

// readAchievement reads the form of one.
func readAchievement(f page.Form) (a store.Achievement, err error) {
	a = store.Achievement{Key: f.Text("key"), Title: f.Text("title"), Display: f.On("display"), PartialProgress: f.On("partial_progress")}
	if text := f.Text("description"); text != "" {
		a.Description = &text
	}
	total := 0
	if err := f.Numbers(map[string]*int{"points": &a.Points, "total_progress": &total}); err != nil {
		return a, err
	}
	if f.Text("total_progress") != "" {
		steps := int64(total)
		a.TotalProgress = &steps
	}
	return a, a.Check()
}

func (s *server) serveAchievements(w http.ResponseWriter, r *http.Request) error {
	return s.showAchievements(w, r, http.StatusOK, page.Form{})
}

func (s *server) showAchievements(w http.ResponseWriter, r *http.Request, code int, f page.Form) error {
	g, err := s.Store.Game(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	p := achievements{Form: f, ShortName: g.ShortName, Synced: s.synced(r.URL.Query())}
	p.Synced.at = gameKind.path(g.ShortName) + "/live"
	if p.List, err = s.Store.Achievements(r.Context(), g.ID); err != nil {
		return err
	}
	p.Frame = s.Frame(r, "Achievements of "+g.ShortName)
	s.Render(w, r, code, achievementsPage(p))
	return nil
}

// achieve does what a form of the page asks for.
func (s *server) achieve(w http.ResponseWriter, r *http.Request, do func(store.GameID, page.Form) error, text string) error {
	g, err := s.Store.Game(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	f := page.Posted(r)
	err = do(g.ID, f)
	if f.Fault(err) {
		return s.showAchievements(w, r, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return s.changed(w, r, gameKind.path(g.ShortName)+"/achievements", text)
}

func (s *server) serveAchievementAdd(w http.ResponseWriter, r *http.Request) error {
	return s.achieve(w, r, func(id store.GameID, f page.Form) error {
		a, err := readAchievement(f)
		if err == nil {
			_, err = s.Store.CreateAchievement(r.Context(), id, a)
		}
		return err
	}, "Added the achievement.")
}

func (s *server) serveAchievementChange(w http.ResponseWriter, r *http.Request) error {
	return s.achieve(w, r, func(id store.GameID, f page.Form) error {
		a, err := readAchievement(f)
		if err == nil {
			_, err = s.Store.UpdateAchievement(r.Context(), id, a.Key, func(was *store.Achievement) error {
				*was = a
				return nil
			})
		}
		return err
	}, "Saved the achievement.")
}

func (s *server) serveAchievementRemove(w http.ResponseWriter, r *http.Request) error {
	return s.achieve(w, r, func(id store.GameID, f page.Form) error {
		if !f.On("sure") { // it could not be put back: games know it by its key
			return page.Invalid("sure", "tick this to go on")
		}
		return s.Store.DeleteAchievement(r.Context(), id, f.Text("key"))
	}, "Removed the achievement.")
}
