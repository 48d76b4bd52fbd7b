package store_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
)

func send(t testing.TB, s *store.Store, channel store.ChannelID, text string) (m store.Message) {
	t.Helper()
	in := store.Message{Channel: channel, Game: "Alpha", Name: "Ann", Text: text}
	check(t, s.Append(t.Context(), in, func(got store.Message) { m = got }))
	return m
}

func TestAppend(t *testing.T) {
	s := open(t)
	check(t, s.UpdateChannel(t.Context(), "testing", store.ChannelEdit{KeepDays: pointer(0)}))
	began := time.Now().Truncate(time.Microsecond)
	one := send(t, s, 1, "é <b> \x00 ")
	want := store.Message{ID: 1, Channel: 1, Game: "Alpha", Name: "Ann", Text: "é <b> \x00 ", SentAt: one.SentAt}
	if one != want || one.SentAt.Before(began) || one.SentAt.After(time.Now()) || one.SentAt.Nanosecond()%1000 != 0 || one.SentAt.Location() != time.UTC {
		t.Errorf("got %+v, want %+v", one, want)
	}
	for _, channel := range []store.ChannelID{2, 99} { // no log, no channel
		if m := send(t, s, channel, "x"); m.ID != 0 || m.SentAt.Before(one.SentAt) {
			t.Errorf("channel %d: got %+v", channel, m)
		}
	}
	two := send(t, s, 1, "two")
	got, total, err := s.History(t.Context(), store.HistoryQuery{Channel: 1, Limit: 10})
	if err != nil || total != 2 || !slices.Equal(got, []store.Message{one, two}) {
		t.Errorf("got %+v, %d, %v", got, total, err)
	}
}

func TestHistory(t *testing.T) {
	s := open(t)
	for i := range 12 {
		send(t, s, store.ChannelID(1+i%2), fmt.Sprint(i))
	}
	after := func(id store.MessageID) *store.MessageID { return &id }
	for _, test := range []struct {
		q     store.HistoryQuery
		want  []store.MessageID
		total int
	}{
		{store.HistoryQuery{Channel: 1, Limit: 100}, []store.MessageID{1, 3, 5, 7, 9, 11}, 6},
		{store.HistoryQuery{Channel: 1, Limit: 2}, []store.MessageID{9, 11}, 6},
		{store.HistoryQuery{Channel: 2, Limit: 1}, []store.MessageID{12}, 6},
		{store.HistoryQuery{Channel: 1, After: after(0), Limit: 2}, []store.MessageID{1, 3}, 6},
		{store.HistoryQuery{Channel: 1, After: after(-5), Limit: 2}, []store.MessageID{1, 3}, 6},
		{store.HistoryQuery{Channel: 1, After: after(3), Limit: 2}, []store.MessageID{5, 7}, 4},
		{store.HistoryQuery{Channel: 1, After: after(4), Limit: 100}, []store.MessageID{5, 7, 9, 11}, 4},
		{store.HistoryQuery{Channel: 1, After: after(11), Limit: 2}, nil, 0},
		{store.HistoryQuery{Channel: 1, After: after(1 << 62), Limit: 2}, nil, 0},
		{store.HistoryQuery{Channel: 99, Limit: 2}, nil, 0},
	} {
		got, total, err := s.History(t.Context(), test.q)
		check(t, err)
		var ids []store.MessageID
		for _, m := range got {
			ids = append(ids, m.ID)
			if m.Channel != test.q.Channel || m.Text != fmt.Sprint(m.ID-1) {
				t.Errorf("got %+v", m)
			}
		}
		if !slices.Equal(ids, test.want) || total != test.total {
			t.Errorf("%+v: got %d of %d, want %d of %d", test.q, ids, total, test.want, test.total)
		}
	}
}

// Many senders: one order for all, each sender's kept, and what was acknowledged
// is in the file, also when the store closes meanwhile.
func TestAppend_manySenders(t *testing.T) {
	for _, closing := range []bool{false, true} {
		t.Run(fmt.Sprintf("closing %t", closing), func(t *testing.T) {
			const senders, each = 50, 40
			path := hubtest.NewFile(t)
			s := open(t, path)
			var delivered []store.Message // only the store's one goroutine appends
			halfway := make(chan struct{})
			acknowledged := make([][]string, senders)
			var all sync.WaitGroup
			for sender := range senders {
				all.Go(func() {
					for i := range each {
						text := fmt.Sprintf("%d %d", sender, i)
						err := s.Append(t.Context(), store.Message{Channel: 1, Game: "g", Name: "n", Text: text}, func(m store.Message) {
							delivered = append(delivered, m)
							if len(delivered) == senders*each/2 {
								close(halfway)
							}
						})
						if err != nil {
							if !closing {
								t.Error(err)
							}
							return
						}
						acknowledged[sender] = append(acknowledged[sender], text)
					}
				})
			}
			if closing {
				<-halfway
				check(t, s.Close())
			}
			all.Wait()
			check(t, s.Close())

			s = open(t, path)
			logged, total, err := s.History(t.Context(), store.HistoryQuery{Channel: 1, Limit: senders * each})
			if err != nil || total != len(delivered) || !slices.Equal(logged, delivered) {
				t.Errorf("%d of %d delivered messages are in the log in their order, %v", len(logged), len(delivered), err)
			}
			next := map[string]int{}
			texts := map[string]bool{}
			for i, m := range delivered {
				var sender, number int
				if _, err := fmt.Sscan(m.Text, &sender, &number); err != nil {
					t.Fatal(err)
				}
				key := fmt.Sprint(sender)
				if number != next[key] || i > 0 && m.ID <= delivered[i-1].ID {
					t.Errorf("%+v comes after %+v", m, delivered[max(i-1, 0)])
				}
				next[key]++
				texts[m.Text] = true
			}
			for _, list := range acknowledged {
				for _, text := range list {
					if !texts[text] {
						t.Errorf("%q was acknowledged and is lost", text)
					}
				}
				if !closing && len(list) != each {
					t.Errorf("%d of %d were acknowledged", len(list), each)
				}
			}
		})
	}
}

// What cannot be logged is not delivered.
func TestAppend_refused(t *testing.T) {
	s := open(t)
	run(t, connect(t, s.Path()), `CREATE TRIGGER no BEFORE INSERT ON messages WHEN NEW.message = 'no' BEGIN SELECT RAISE(ABORT, 'no'); END`)
	err := s.Append(t.Context(), store.Message{Channel: 1, Text: "no"}, func(store.Message) { t.Error("delivered") })
	if err == nil {
		t.Error("acknowledged")
	}
	if m := send(t, s, 1, "yes"); m.ID == 0 {
		t.Errorf("got %+v", m)
	}
}
