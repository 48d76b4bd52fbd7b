package admin_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"hearsay/admin"
	"hearsay/admin/setting"
	"hearsay/hub/store"
)

// part is what a page has from one text to another.
func (p page) part(t testing.TB, from, to string) string {
	t.Helper()
	_, text, ok := strings.Cut(p.text, from)
	text, _, ok2 := strings.Cut(text, to)
	if !ok || !ok2 {
		t.Fatalf("%s: lacks %q up to %q", p.Request.URL, from, to)
	}
	return text
}

// row is what the page of settings says of one.
func (b *browser) row(t testing.TB, name string) string {
	t.Helper()
	return b.get(t, "/admin/settings").part(t, `id="`+name+`"`, `class="setting"`)
}

func wantIn(t testing.TB, text string, all ...string) {
	t.Helper()
	for _, one := range all {
		if !strings.Contains(text, one) {
			t.Errorf("lacks %q: %s", one, text)
		}
	}
}

func TestSettings(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	wantIn(t, b.row(t, "max-text"), "default", `value="2000"`)

	b.post(t, "/admin/settings/max-text", "value", " 100 ").want(t, http.StatusSeeOther, "/admin/settings#max-text")
	b.get(t, "/admin/settings").want(t, http.StatusOK, "Set max-text to 100. It holds at once.")
	wantIn(t, b.row(t, "max-text"), "set here", `value="100"`, "Default: 2000")
	if got := s.Hub.Limits().MaxText; got != 100 {
		t.Errorf("the hub has %d", got)
	}
	b.post(t, "/admin/settings/heartbeat", "value", "20s").want(t, http.StatusSeeOther)
	b.get(t, "/admin/settings").want(t, http.StatusOK, "It holds from the next start.", "Hold from the next start: heartbeat.", "Until then: 15s")

	// What will not do stays in its field, and what others have is left alone.
	bad := b.post(t, "/admin/settings/max-text", "value", "many").want(t, http.StatusUnprocessableEntity, `value="many"`, `aria-invalid="true"`, "write a whole number", `value="20s"`)
	if strings.Count(bad.text, `role="alert"`) != 1 {
		t.Errorf("not one field is wrong: %s", bad.text)
	}
	b.post(t, "/admin/settings/name", "value", "Not a name").want(t, http.StatusUnprocessableEntity, "use 1 to 15 letters and digits")
	b.post(t, "/admin/settings/listen", "value", "0.0.0.0:80").want(t, http.StatusUnprocessableEntity, "in the environment alone")
	b.post(t, "/admin/settings/nothing", "value", "1").want(t, http.StatusNotFound)
	b.post(t, "/admin/settings/nothing/unset").want(t, http.StatusNotFound)

	b.post(t, "/admin/settings/max-text/unset").want(t, http.StatusSeeOther)
	b.get(t, "/admin/settings").want(t, http.StatusOK, "The default of max-text counts again: 2000. It holds at once.")
	wantIn(t, b.row(t, "max-text"), "default", `value="2000"`)

	// The network's name is on every page at once.
	b.get(t, "/").want(t, http.StatusOK, "Starlight")
	b.post(t, "/admin/settings/title", "value", "Moon <light>").want(t, http.StatusSeeOther)
	b.get(t, "/").want(t, http.StatusOK, "Moon &lt;light&gt;")

	// It is on record, before and after.
	b.get(t, "/admin/audit?action=setting").want(t, http.StatusOK, "setting unset <strong>max-text</strong>", "127.0.0.1", "Moon &lt;light&gt;")
}

// What flags and environment have given is locked.
func TestSettings_locked(t *testing.T) {
	s := newSite(t, func(o *admin.Options) {
		given, flags := *setting.Default(), pflag.NewFlagSet("", pflag.ContinueOnError)
		given.Flags(flags)
		if err := flags.Parse([]string{"--max-text", "70", "--title", "From the environment", "--metrics-token", "horse"}); err != nil {
			t.Fatal(err)
		}
		if err := flags.SetAnnotation("title", setting.FromEnvironment, []string{"HEARSAY_TITLE"}); err != nil {
			t.Fatal(err)
		}
		if err := o.Store.SetSetting(t.Context(), "max-text", "80"); err != nil {
			t.Fatal(err)
		}
		settings, err := setting.Open(t.Context(), o.Store, given, flags, nil)
		if err != nil {
			t.Fatal(err)
		}
		o.Settings = settings
	})
	b := s.signedIn(t, store.Admin)
	row := b.row(t, "max-text")
	wantIn(t, row, "70", "flag", "locked", "Set by --max-text; take it off there to change it here.", "Take 80 out of the file")
	if strings.Contains(row, "<input") {
		t.Errorf("it has a field: %s", row)
	}
	wantIn(t, b.row(t, "title"), "environment", "Set by HEARSAY_TITLE;")
	b.post(t, "/admin/settings/max-text", "value", "90").want(t, http.StatusUnprocessableEntity, "take it off there")
	b.post(t, "/admin/settings/max-text/unset").want(t, http.StatusSeeOther)
	b.get(t, "/admin/settings").want(t, http.StatusOK, "The default of max-text counts again")
	if text := b.get(t, "/admin/settings").text; strings.Contains(text, "horse") {
		t.Error("the page shows the token")
	}
}
