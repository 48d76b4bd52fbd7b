package admin

import (
	"net/http"
	"net/url"
	"slices"

	"hearsay/admin/setting"

	"hearsay/hub/page"
)

// settings is the page of all settings.
type settings struct {
	page.Frame
	page.Form // what was entered for one of them, and is wrong
	Groups    []settingGroup
	Waiting   []string // names of those that hold from the next start
}

type settingGroup struct {
	Name string
	List []setting.Setting
}

func (s *server) serveSettings(w http.ResponseWriter, r *http.Request) error {
	return s.Show(w, r, settingsPage(s.settings(r, page.Form{})))
}

func (s *server) settings(r *http.Request, f page.Form) settings {
	p := settings{Frame: s.Frame(r, "Settings"), Form: f}
	for _, one := range s.Settings.All() {
		if n := len(p.Groups); n == 0 || p.Groups[n-1].Name != one.Group {
			p.Groups = append(p.Groups, settingGroup{Name: one.Group})
		}
		last := &p.Groups[len(p.Groups)-1]
		last.List = append(last.List, one)
		if one.Waiting {
			p.Waiting = append(p.Waiting, one.Name)
		}
	}
	return p
}

// Entered is what stands in the field of a setting.
func (p settings) Entered(one setting.Setting) string {
	switch {
	case p.Values.Has(one.Name):
		return p.Text(one.Name)
	case one.InFile != nil:
		return *one.InFile
	}
	return one.Value
}

// Default is the default of a setting in words.
func defaultOf(one setting.Setting) string {
	if one.Default == "" {
		return "none"
	}
	return one.Default
}

func (s *server) serveSettingSet(w http.ResponseWriter, r *http.Request) error {
	name, value := r.PathValue("name"), page.Posted(r).Text("value")
	one, err := s.Settings.Set(r.Context(), name, value)
	if f := (page.Form{Values: url.Values{name: {value}}}); f.Fault(err) {
		f.Faulty = name
		s.Render(w, r, http.StatusUnprocessableEntity, settingsPage(s.settings(r, f)))
		return nil
	}
	if err != nil {
		return err
	}
	return s.Done(w, r, "/admin/settings#"+name, holds(one, "Set "+name+" to "+*one.InFile+"."))
}

func (s *server) serveSettingUnset(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	one, err := s.Settings.Unset(r.Context(), name)
	if err != nil {
		return err
	}
	return s.Done(w, r, "/admin/settings#"+name, holds(one, "The default of "+name+" counts again: "+defaultOf(one)+"."))
}

// holds says when a change does.
func holds(one setting.Setting, sentence string) string {
	switch {
	case one.SetBy != "":
		return sentence
	case one.Waiting:
		return sentence + " It holds from the next start."
	}
	return sentence + " It holds at once."
}

var onOff = []page.Choice{{Value: "true", Label: "on"}, {Value: "false", Label: "off"}}

// choices are those of a setting that is no free text.
func choices(one setting.Setting) (all []page.Choice) {
	if one.Kind == setting.Switch {
		return slices.Clone(onOff)
	}
	for _, value := range one.Choices {
		all = append(all, page.Choice{Value: value, Label: value})
	}
	return all
}
