package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// refs differ from time to time.
var refs = regexp.MustCompile(`"ref":"[^"]*"`)

// TestSees: an application gets exactly the frames that it is said to get.
func TestSees(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		for i := range 25 {
			w.game(fmt.Sprint("Game", i))
		}
		w.do(w.st.DeleteGame(t.Context(), "Game3"))
		for i, test := range []struct {
			form        string
			credentials bool
			request     string
		}{
			{"records", false, ""},
			{"records", true, ""},
			{"versions", false, `{}`},
			{"versions", true, `{"since":null}`},
			{"versions", true, `{"after":3,"cursor":true}`},
			{"versions", false, `{"after":3,"cursor":true}`},
		} {
			name := fmt.Sprint("App", i)
			c, err := w.st.CreateApplication(t.Context(), store.Application{ShortName: name, Name: name, SyncForm: test.form, Credentials: test.credentials}, store.LongSecret)
			w.do(err)
			a, err := w.st.Application(t.Context(), name)
			w.do(err)

			s := w.join(c, "")
			var got []string
			if test.form == "versions" {
				s.send(wire.Sync, "1", test.request)
			}
			synctest.Wait()
			if test.form == "records" { // they came before the first heartbeat, which join took
				s.hangUp()
				s = w.dial()
				s.send(wire.Authenticate, "", credentials(c, allSupports, ""))
				synctest.Wait()
			}
			for _, text := range s.texts() {
				if strings.HasPrefix(text, `{"event":"sync`) {
					got = append(got, refs.ReplaceAllString(text, ""))
				}
			}
			sight, err := w.Sees(t.Context(), a, SightQuery{Form: test.form, Request: json.RawMessage(test.request), Most: 100})
			w.do(err)
			var want []string
			bytes := 0
			for _, frame := range sight.Frames {
				bytes += len(frame)
				want = append(want, refs.ReplaceAllString(string(frame), ""))
			}
			if sight.Answer != nil {
				want = append(want, refs.ReplaceAllString(string(sight.Answer), ""))
			}
			if !slices.Equal(got, want) || len(got) < 2 {
				t.Errorf("%+v: it gets\n%s\nand is said to get\n%s", test, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if sight.Count != len(sight.Frames) || sight.Bytes != bytes {
				t.Errorf("%+v: %d frames of %d bytes, said %d of %d", test, len(sight.Frames), bytes, sight.Count, sight.Bytes)
			}
			part, err := w.Sees(t.Context(), a, SightQuery{Form: test.form, Request: json.RawMessage(test.request), First: 1, Most: 1})
			w.do(err)
			if len(part.Frames) != 1 || refs.ReplaceAllString(string(part.Frames[0]), "") != want[1] || part.Count != sight.Count {
				t.Errorf("%+v: the second frame is said to be %s of %d", test, part.Frames, part.Count)
			}
		}
	})
}

// TestSees_many: of a large network only some are counted, and of its end all.
func TestSees_many(t *testing.T) {
	w := open(t, Options{})
	const games = 10 * (sightCounted + 5)
	for i := range games {
		w.game(fmt.Sprint("G", i))
	}
	for _, test := range []struct {
		first, frames, count int
		more                 bool
	}{
		{0, 10, sightCounted, true},
		{sightCounted - 10, 10, sightCounted, true},
		{sightCounted - 5, 10, sightCounted + 5, true},
		{sightCounted, 6, sightCounted + 6, false}, // with that of the channels
		{sightCounted + 50, 0, sightCounted + 6, false},
	} {
		s, err := w.Sees(t.Context(), store.Application{}, SightQuery{Form: "records", First: test.first, Most: 10})
		w.do(err)
		if len(s.Frames) != test.frames || s.Count != test.count || s.More != test.more {
			t.Errorf("from %d on: %d frames of %d, more %t; want %+v", test.first, len(s.Frames), s.Count, s.More, test)
		}
	}
}

func TestSees_refused(t *testing.T) {
	w := open(t, Options{})
	for request, field := range map[string]string{`{"since":"yesterday"}`: "since", `{"after":1000}`: "after"} {
		_, err := w.Sees(t.Context(), store.Application{}, SightQuery{Form: "versions", Request: json.RawMessage(request)})
		var wrong *store.FieldError
		if !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%s: got %v", request, err)
		}
	}
	if w.st.Watchers() > 1 {
		t.Errorf("%d watchers are left", w.st.Watchers())
	}
}
