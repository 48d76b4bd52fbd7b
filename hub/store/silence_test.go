package store_test

import (
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"hearsay/hub/store"
)

func TestSilent(t *testing.T) {
	s := open(t)
	ctx, now := t.Context(), time.Now()
	for name, ago := range map[string]time.Duration{"Now": 0, "Day": 25 * time.Hour, "Week": 6 * 24 * time.Hour, "Month": 31 * 24 * time.Hour, "Barred": 48 * time.Hour} {
		c := addGame(t, s, name)
		must(s.Authenticate(ctx, c.ClientID, c.Secret, now.Add(-ago)))
	}
	addGame(t, s, "Never")
	c := addApplication(t, s, "Site")
	must(s.Authenticate(ctx, c.ClientID, c.Secret, now.Add(-48*time.Hour)))
	check(t, s.SuspendGame(ctx, "Barred", store.Suspension{Reason: "spam"}))
	check(t, s.FlushTouches(ctx))
	var got []string
	for _, one := range must(s.Silent(ctx, now.Add(-24*time.Hour))) {
		got = append(got, one.Noun+" "+one.ShortName)
	}
	if want := []string{"game Day", "application Site", "game Week", "game Month"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDisk(t *testing.T) {
	s := open(t)
	d, err := s.Disk()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	check(t, err)
	st, err := os.Stat(s.Path())
	check(t, err)
	if d.Used < st.Size() || d.Free <= 0 || d.Free > d.Total {
		t.Errorf("got %+v of a file of %d bytes", d, st.Size())
	}
}
