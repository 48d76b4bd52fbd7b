package admin_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hearsay/admin"
	"hearsay/hub/hubtest"
	"hearsay/hub/site/mail"
	"hearsay/hub/store"
)

// asMode has people sign up so.
func asMode(mode store.SignUpMode) func(*admin.Options) {
	return func(o *admin.Options) { o.SignUp = func() store.SignUpMode { return mode } }
}

// withMail has the hub send mail to a server of the test's.
func withMail(t testing.TB) (*hubtest.PostOffice, func(*admin.Options)) {
	t.Helper()
	post := hubtest.NewPostOffice(t, false)
	return post, func(o *admin.Options) {
		s, err := mail.New(mail.Options{Store: o.Store, Server: post.URL, Site: "https://hub.example"})
		if err != nil {
			t.Fatal(err)
		}
		o.Mail = s
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { s.Run(ctx) })
		t.Cleanup(func() {
			cancel()
			running.Wait()
		})
	}
}

// join fills in the form to sign up.
func (b *tab) join(t testing.TB, path, username string) {
	t.Helper()
	b.Open(t, path)
	b.Fill(t, "username", username, "password", password, "again", password, "email", username+"@mail.example")
	b.Press(t, "Sign up")
}

// login signs in somebody who runs nothing.
func (b *tab) login(t testing.TB, username, password string) {
	t.Helper()
	b.Open(t, "/login")
	b.Fill(t, "username", username, "password", password)
	b.Press(t, "Sign in")
}

func TestSignUpClosed_inBrowser(t *testing.T) {
	t.Parallel() // most of the time is waiting
	s := newSite(t)
	b := s.tab(t)
	b.Open(t, "/sign-up")
	b.See(t, "New accounts are not made here at the moment")
}

// Who signs up where that is open is in at once, proves the address by a mail, and comes
// in with a new password by another.
func TestSignUpOpen_inBrowser(t *testing.T) {
	t.Parallel() // most of the time is waiting
	post, mails := withMail(t)
	s := newSite(t, asMode(store.SignUpOpen), mails)
	b := s.tab(t)
	b.Open(t, "/")
	b.Do(t, chromedp.Click(`header a[href="/sign-up"]`), chromedp.WaitVisible("#again"))
	b.join(t, "/sign-up", "Ann")
	b.See(t, "Welcome, Ann. A link that proves your address is on its way")
	b.Await(t, "header nav", "Ann")
	b.Open(t, "/account")
	b.See(t, "not verified")
	b.Open(t, post.Await(t).Link(t))
	b.Press(t, "This address is mine")
	b.See(t, "the address of Ann is verified")
	b.Press(t, "To your account")
	b.See(t, "Ann@mail.example verified")
	b.Do(t, chromedp.Click(`header form[action="/logout"] button`), chromedp.WaitVisible("#username"))

	b.Press(t, "Forgotten your password?")
	b.Fill(t, "email", "ann@MAIL.example")
	b.Press(t, "Send the link")
	b.See(t, "a mail with a link is on its way")
	b.Open(t, post.Await(t).Link(t))
	const fresh = "staple under the moon"
	b.Fill(t, "password", fresh, "again", fresh)
	b.Press(t, "Set the password")
	b.Do(t, chromedp.WaitVisible("#username"))
	b.login(t, "Ann", fresh)
	b.Await(t, "header nav", "Ann")
}

func TestSignUpInvite_inBrowser(t *testing.T) {
	t.Parallel() // most of the time is waiting
	s := newSite(t, asMode(store.SignUpInvite))
	s.user(t, store.Admin)
	b, admins := s.tab(t), s.tab(t)
	b.Open(t, "/sign-up")
	b.See(t, "An account takes an invite")
	admins.signIn(t, "admin")
	admins.Open(t, "/admin/people")
	admins.Press(t, "Invites")
	admins.See(t, "There is no invite.")
	admins.Press(t, "New invite")
	admins.See(t, "Hand this link to somebody")
	link := strings.TrimPrefix(admins.Text(t, "code.copy"), s.URL)
	admins.Do(t, chromedp.Click(`header .wide form[action="/logout"] button`), chromedp.WaitVisible("#username")) // tabs share their cookies
	b.join(t, link, "Bob")
	b.See(t, "Welcome, Bob.")
	b.Do(t, chromedp.Click(`header form[action="/logout"] button`), chromedp.WaitVisible("#username"))
	b.Open(t, "/sign-up")
	b.See(t, "An account takes an invite")
}

func TestSignUpApproval_inBrowser(t *testing.T) {
	t.Parallel() // most of the time is waiting
	s := newSite(t, asMode(store.SignUpApproval))
	s.user(t, store.Admin)
	b := s.tab(t)
	b.join(t, "/sign-up", "Cid")
	b.See(t, "An operator looks at it first.")
	admins := s.as(t, "admin")
	admins.get(t, "/admin/people?filter=waiting").want(t, http.StatusOK, "Cid", "Cid@mail.example")
	admins.post(t, "/admin/people/waiting", "username", "Cid", "action", "approve").want(t, http.StatusSeeOther)
	b.login(t, "Cid", password)
	b.Await(t, "header nav", "Cid")
}

func TestCloseAccount_inBrowser(t *testing.T) {
	t.Parallel() // most of the time is waiting
	s := newSite(t)
	s.user(t, store.Person)
	s.say(t, 1, "Hearsay", "person", "I was here")
	b := s.tab(t)
	b.login(t, "person", password)
	b.Await(t, "header nav", "person")
	b.Open(t, "/account")
	b.Press(t, "Close your account…")
	b.Do(t, chromedp.WaitVisible("#confirm"))
	b.Fill(t, "confirm", "person", "close_password", password)
	b.Do(t, chromedp.Click("#forget"), chromedp.Click(".danger button"))
	b.See(t, "What was personal is gone.")
	b.Open(t, "/channels/gossip")
	b.See(t, "I was here")
	b.See(t, store.Forgotten)
	s.browser(t).post(t, "/login", "username", "person", "password", password).want(t, http.StatusUnauthorized)
}

// TestAccount_person: a person sees the account as a public page, and changes what is theirs.
func TestAccount_person(t *testing.T) {
	post, mails := withMail(t)
	s := newSite(t, mails)
	b := s.withPassword(t, store.Person)
	if text := b.get(t, "/account").want(t, http.StatusOK, "Your account", "You have given no address", "this one").text; strings.Contains(text, "/admin") {
		t.Error("it leads to operators' pages")
	}
	b.post(t, "/account/email", "email", "ann@mail.example", "email_password", "wrong").want(t, http.StatusUnprocessableEntity, "That is not your password", `value="ann@mail.example"`)
	b.post(t, "/account/email", "email", "ann", "email_password", password).want(t, http.StatusUnprocessableEntity, "no e-mail address")
	b.post(t, "/account/email/send").want(t, http.StatusSeeOther)
	b.get(t, "/account").want(t, http.StatusOK, "There is nothing to send.")
	b.post(t, "/account/email", "email", "ann@mail.example", "email_password", password).want(t, http.StatusSeeOther, "/account")
	b.get(t, "/account").want(t, http.StatusOK, "A link is on its way to ann@mail.example", "not verified")
	first := post.Await(t).Link(t)
	b.post(t, "/account/email/send").want(t, http.StatusSeeOther)
	second := post.Await(t).Link(t)
	b.get(t, second).want(t, http.StatusOK, "This address is mine") // which alone proves nothing
	b.get(t, "/account").want(t, http.StatusOK, "not verified")
	b.post(t, first).want(t, http.StatusNotFound, "This link does not work")
	s.browser(t).post(t, second).want(t, http.StatusOK, "the address of person is verified")
	b.get(t, "/account").want(t, http.StatusOK, ">verified<")
	b.post(t, "/account/email", "email", "ann@other.example", "email_password", password).want(t, http.StatusSeeOther)
	post.Await(t)
	b.post(t, "/account/email/send").want(t, http.StatusSeeOther) // the fourth within an hour
	b.get(t, "/account").want(t, http.StatusOK, "That was too often.")
	b.post(t, "/account/email", "email", "", "email_password", password).want(t, http.StatusSeeOther)
	b.get(t, "/account").want(t, http.StatusOK, "Took your address away.", "You have given no address")

	got := b.get(t, "/account/export").want(t, http.StatusOK, `"username": "person"`, `"sessions"`)
	if got.Header.Get("Content-Disposition") != `attachment; filename="hearsay-person.json"` || got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("it comes with %v", got.Header)
	}
	if strings.Contains(got.text, "hash") || strings.Contains(got.text, "argon2") {
		t.Errorf("it has hashes: %s", got.text)
	}
}

func TestAccount_close(t *testing.T) {
	s := newSite(t)
	b, admins := s.withPassword(t, store.Person), s.withPassword(t, store.Admin)
	b.post(t, "/account/close", "confirm", "somebody", "close_password", password).want(t, http.StatusUnprocessableEntity, "Type your username, person")
	b.post(t, "/account/close", "confirm", "person", "close_password", "wrong").want(t, http.StatusUnprocessableEntity, "That is not your password")
	admins.post(t, "/account/close", "confirm", "admin", "close_password", password).want(t, http.StatusUnprocessableEntity, "is the last admin")
	s.say(t, 1, "Hearsay", "person", "I was here")
	b.post(t, "/account/close", "confirm", "PERSON", "close_password", password).want(t, http.StatusSeeOther, "/closed")
	b.get(t, "/closed").want(t, http.StatusOK, "What was personal is gone.", "Sign in")
	b.get(t, "/account").want(t, http.StatusSeeOther, "/login?next=%2Faccount")
	admins.get(t, "/channels/gossip").want(t, http.StatusOK, "I was here", ">person<") // it was not to be forgotten
	admins.get(t, "/admin/people/person").want(t, http.StatusNotFound)
}

// TestForgotten: the answer tells nobody whose address is known, and mails are few.
func TestForgotten(t *testing.T) {
	newSite(t).browser(t).post(t, "/forgotten", "email", "ann@mail.example").want(t, http.StatusOK, "This hub sends no mail", "Ask an admin")
	post, mails := withMail(t)
	s := newSite(t, mails)
	s.user(t, store.Person)
	if err := s.Store.ConfirmEmail(t.Context(), "person", "ann@mail.example", time.Now()); err != nil {
		t.Fatal(err)
	}
	b := s.browser(t)
	b.get(t, "/forgotten").want(t, http.StatusOK, "Write the address of your account")
	b.post(t, "/forgotten", "email", "").want(t, http.StatusUnprocessableEntity, "Email is missing")
	known := b.post(t, "/forgotten", "email", "ann@mail.example").want(t, http.StatusOK, "a mail with a link is on its way")
	unknown := b.post(t, "/forgotten", "email", "bob@mail.example").want(t, http.StatusOK)
	if nonce.ReplaceAllString(known.text, "") != nonce.ReplaceAllString(unknown.text, "") || known.Header.Get("Content-Length") != unknown.Header.Get("Content-Length") {
		t.Error("the page tells whose address is known")
	}
	b.get(t, post.Await(t).Link(t)).want(t, http.StatusOK, "For person.")
	for range 4 {
		again := b.post(t, "/forgotten", "email", "ANN@mail.example").want(t, http.StatusOK)
		if nonce.ReplaceAllString(known.text, "") != nonce.ReplaceAllString(again.text, "") {
			t.Error("the page tells that it was asked too often")
		}
	}
	post.Await(t)
	post.Await(t)
	for range 4 {
		b.post(t, "/forgotten", "email", "nobody@mail.example").want(t, http.StatusOK)
	}
	b.post(t, "/forgotten", "email", "nobody@mail.example").want(t, http.StatusTooManyRequests, "That was too often")
	if !post.Empty() {
		t.Error("a fourth mail within the hour was sent")
	}
}

// TestLogin_next: a login leads back to where it was asked for, on this site alone.
func TestLogin_next(t *testing.T) {
	s := newSite(t, asMode(store.SignUpOpen))
	s.user(t, store.Person)
	s.user(t, store.Moderator)
	for _, test := range []struct{ who, next, leads string }{
		{"person", "", "/"}, {"moderator", "", "/admin"}, {"person", "/oauth/authorize?client_id=1&state=%2F", "/oauth/authorize?client_id=1&state=%2F"},
		{"person", "/admin/games", "/"}, {"person", "/admin?x", "/"}, {"person", "/administrators", "/administrators"}, {"moderator", "/account", "/account"},
		{"person", "//evil.example", "/"}, {"person", `/\evil.example`, "/"}, {"person", "https://evil.example", "/"}, {"moderator", "/\t/evil.example", "/admin"},
	} {
		got := s.browser(t).post(t, "/login", "username", test.who, "password", password, "next", test.next).want(t, http.StatusSeeOther)
		if to := got.Header.Get("Location"); to != test.leads {
			t.Errorf("%s, next %q: led to %s, want %s", test.who, test.next, to, test.leads)
		}
	}
	s.browser(t).get(t, "/login?next=%2Foauth%2Fauthorize%3Fa%3Db").want(t, http.StatusOK, `value="/oauth/authorize?a=b"`, "/sign-up?next=%2Foauth%2Fauthorize%3Fa%3Db")
}

func TestInvites(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	b.get(t, "/admin/invites").want(t, http.StatusOK, "There is no invite.", "signing up is closed")
	text := b.post(t, "/admin/invites").want(t, http.StatusOK, "Hand this link to somebody", s.URL+"/sign-up/").text
	_, rest, _ := strings.Cut(text, "/sign-up/")
	token, _, _ := strings.Cut(rest, "<")
	if err := s.Store.CheckInvite(t.Context(), token, time.Now()); err != nil {
		t.Errorf("the link has %q: %v", token, err)
	}
	if text := b.get(t, "/admin/invites").want(t, http.StatusOK, "not yet", "admin").text; strings.Contains(text, token) {
		t.Error("the link is shown twice")
	}
	b.post(t, "/admin/invites/1/revoke").want(t, http.StatusSeeOther, "/admin/invites")
	if err := s.Store.CheckInvite(t.Context(), token, time.Now()); err == nil {
		t.Error("a revoked invite works")
	}
	for _, id := range []string{"1", "x"} {
		b.post(t, "/admin/invites/"+id+"/revoke").want(t, http.StatusSeeOther)
		b.get(t, "/admin/invites").want(t, http.StatusOK, "not there any more")
	}
	if got := s.audit(t); got[0] != "admin invite revoke 1" && got[len(got)-1] != "admin invite revoke 1" {
		t.Errorf("on record is %q", got)
	}
}
