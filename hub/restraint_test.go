package hub

import (
	"testing"
	"testing/synctest"
	"time"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

func TestRestraint_pause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		alpha := w.join(w.game("Alpha"), `,"channels":["gossip","testing"]`)
		beta := w.join(w.game("Beta"), `,"channels":["gossip"]`)
		site := w.join(w.application("Site", "versions"), "")

		w.do(w.st.PauseChannel(t.Context(), "gossip", 5*time.Minute))
		synctest.Wait()
		site.take()
		equal(t, "a game", alpha.says("gossip", "Ann", "hi"), wire.ErrorPaused)
		equal(t, "an application", site.says("gossip", "Ann", "hi"), wire.ErrorPaused)
		equal(t, "another channel", alpha.says("testing", "Ann", "hi"), "")
		equal(t, "heard", beta.fence(), []string(nil))
		if _, total, err := w.st.History(t.Context(), store.HistoryQuery{Channel: 1, Limit: 1}); err != nil || total != 0 {
			t.Errorf("the log has %d messages, %v", total, err)
		}
		alpha.send(wire.ChannelsSend, "", `{"channel":"gossip","name":"Ann","message":"hi"}`)
		equal(t, "without ref", alpha.fence(), []string(nil))

		settle(5*time.Minute - time.Second)
		equal(t, "before its end", alpha.says("gossip", "Ann", "hi"), wire.ErrorPaused)
		settle(time.Second)
		equal(t, "after its end", alpha.says("gossip", "Ann", "hi"), "")

		w.do(w.st.PauseChannel(t.Context(), "gossip", 0))
		settle(time.Hour)
		equal(t, "without end", alpha.says("gossip", "Ann", "hi"), wire.ErrorPaused)
		w.do(w.st.UnpauseChannel(t.Context(), "gossip"))
		synctest.Wait()
		equal(t, "ended", alpha.says("gossip", "Ann", "hi"), "")
		if w.restraints.now.Load() != nil {
			t.Error("there are restraints still")
		}

		// A hub that starts knows of it, before it follows anything.
		w.do(w.st.PauseChannel(t.Context(), "testing", 0))
		again, err := New(t.Context(), w.st, Options{})
		w.do(err)
		equal(t, "after a restart", again.restraints.refuse(2, owner{}, "Ann"), wire.ErrorPaused)
		again.Shutdown(t.Context(), Downtime)
	})
}

// Another program pauses it: the hub learns of that as of anything.
func TestRestraint_outside(t *testing.T) {
	w := open(t, Options{Limits: unlimited()})
	alpha := w.join(w.game("Alpha"), `,"channels":["gossip"]`)
	other, err := store.Open(t.Context(), w.path, store.Options{})
	w.do(err)
	defer other.Close()
	w.do(other.PauseChannel(t.Context(), "gossip", 0))
	late := time.After(patience)
	for alpha.says("gossip", "Ann", "hi") == "" {
		select {
		case <-late:
			t.Fatal("the hub does not learn of it")
		default:
		}
	}
}

func TestRestraint_slow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, Options{Limits: unlimited()})
		c := w.game("Alpha")
		alpha, second := w.join(c, `,"channels":["gossip","testing"]`), w.join(c, `,"channels":["gossip"]`)
		beta := w.join(w.game("Beta"), `,"channels":["gossip"]`)
		slow := 10
		w.do(w.st.UpdateChannel(t.Context(), "gossip", store.ChannelEdit{SlowSeconds: &slow}))
		synctest.Wait()

		equal(t, "the first", alpha.says("gossip", "Ann", "hi"), "")
		equal(t, "at once", alpha.says("gossip", "Ann", "hi"), "slow mode: wait 10 seconds")
		equal(t, "on another socket, in other letters", second.says("gossip", "ANN", "hi"), "slow mode: wait 10 seconds")
		equal(t, "another player", alpha.says("gossip", "Bob", "hi"), "")
		equal(t, "another game", beta.says("gossip", "Ann", "hi"), "")
		equal(t, "another channel", alpha.says("testing", "Ann", "hi"), "")
		equal(t, "another channel again", alpha.says("testing", "Ann", "hi"), "")
		equal(t, "a bad message is none", alpha.ask(wire.ChannelsSend, `{"channel":"gossip","name":"Cid","message":""}`) != "", true)
		equal(t, "after a bad message", alpha.says("gossip", "Cid", "hi"), "")

		settle(8500 * time.Millisecond)
		equal(t, "soon", alpha.says("gossip", "Ann", "hi"), "slow mode: wait 2 seconds")
		settle(time.Second)
		equal(t, "very soon", alpha.says("gossip", "Ann", "hi"), "slow mode: wait 1 seconds")
		settle(500 * time.Millisecond)
		equal(t, "in time", alpha.says("gossip", "Ann", "hi"), "")
		equal(t, "too soon again", alpha.says("gossip", "Ann", "hi"), "slow mode: wait 10 seconds")

		slow = 3
		w.do(w.st.UpdateChannel(t.Context(), "gossip", store.ChannelEdit{SlowSeconds: &slow}))
		synctest.Wait()
		equal(t, "less slow", alpha.says("gossip", "Ann", "hi"), "slow mode: wait 3 seconds")
		slow = 0
		w.do(w.st.UpdateChannel(t.Context(), "gossip", store.ChannelEdit{SlowSeconds: &slow}))
		synctest.Wait()
		equal(t, "no more", alpha.says("gossip", "Ann", "hi"), "")
		equal(t, "remembered", len(w.restraints.spoke), 0)
	})
}

// However many speak, what is remembered is bounded, and forgotten in time.
func TestRestraint_bounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r restraints
		r.set(map[store.ChannelID]store.Restraint{1: {Slow: time.Minute}})
		speak := func(i int) string { return r.refuse(1, owner{id: int64(i)}, "Ann") }
		most := 0
		for i := range 2 * mostSpeakers {
			equal(t, "the first message", speak(i), "")
			most = max(most, len(r.spoke))
		}
		equal(t, "remembered at most", most, mostSpeakers)
		time.Sleep(time.Minute)
		for i := range mostSpeakers {
			speak(-i)
		}
		time.Sleep(time.Minute)
		for i := range 200 {
			speak(i)
		}
		if n := len(r.spoke); n > 1000 {
			t.Errorf("%d are remembered when 200 spoke within the minute", n)
		}
	})
}

func BenchmarkRestraint(b *testing.B) {
	var r restraints
	for b.Loop() {
		if r.refuse(1, owner{id: 1}, "Ann") != "" {
			b.Fatal("refused")
		}
	}
}
