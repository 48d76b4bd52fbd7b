package backbone

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"hearsay/hub/store"
)

// TestTail: however far behind they are, and whoever writes meanwhile, readers get
// each version once and in order.
func TestTail(t *testing.T) {
	st, err := store.Open(t.Context(), t.TempDir()+"/hearsay.db", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	begin, err := st.Newest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const edits = 2*tailMost + 300
	end := begin + edits
	shared := &tail{}
	var running sync.WaitGroup
	for r := range 6 {
		running.Go(func() {
			random := rand.New(rand.NewPCG(uint64(r), 1))
			wake, stop := st.Watch()
			defer stop()
			for last := begin; last < end; {
				versions, err := shared.next(t.Context(), st, last, 1+random.IntN(150))
				if err != nil {
					t.Error(err)
					return
				}
				if len(versions) == 0 {
					<-wake
				}
				for _, v := range versions {
					if v.ID != last+1 {
						t.Errorf("reader %d: version %d after %d", r, v.ID, last)
						return
					}
					last = v.ID
				}
				for r == 0 && last < end && last%500 == 0 && len(versions) > 0 { // one falls far behind
					if now, err := st.Newest(t.Context()); err != nil || now >= min(end, last+tailMost+50) {
						break
					}
					<-wake
				}
			}
		})
	}
	for i := range edits {
		text := fmt.Sprintf("edit %d", i)
		if err := st.UpdateChannel(t.Context(), "gossip", store.ChannelEdit{Description: &text}); err != nil {
			t.Fatal(err)
		}
	}
	running.Wait()
	if n := len(shared.versions); n > tailMost {
		t.Errorf("the tail holds %d versions, want at most %d", n, tailMost)
	}
}
