package site

import (
	"testing"
	"time"
)

func TestForms(t *testing.T) {
	f, now := newForms(), time.Now()
	stamp := f.stamp(now)
	if age, ok := f.age(stamp, now.Add(time.Minute)); !ok || age < time.Minute || age > time.Minute+time.Second {
		t.Errorf("got %v, %t", age, ok)
	}
	other := newForms()
	for _, bad := range []string{"", "x", stamp + "x", "A" + stamp[1:], other.stamp(now)} {
		if _, ok := f.age(bad, now); bad != stamp && ok {
			t.Errorf("%q passes", bad)
		}
	}
}
