package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"zombiezen.com/go/sqlite"

	"hearsay/hub/store"
)

// talk is a store with a few messages: ids 1 to 8.
func talk(t testing.TB) (*store.Store, time.Time) {
	t.Helper()
	s := open(t)
	for _, m := range []store.Message{
		{Channel: 1, Game: "Alpha", Name: "Ann", Text: "Hello everybody"},
		{Channel: 1, Game: "Alpha", Name: "Ann Marie", Text: "hello, Café!"},
		{Channel: 2, Game: "Beta", Name: "Ann", Text: "everybody says hello"},
		{Channel: 1, Game: "Beta", Name: "Zoë", Text: "it's a \"quoted\" don't-care"},
		{Channel: 1, Game: "Gamma", Name: "***", Text: "50% of x_y; DROP TABLE messages"},
		{Channel: 2, Game: "Gamma", Name: "bob", Text: "AND OR NOT NEAR message:x"},
		{Channel: 1, Game: "alphabet", Name: "Ann", Text: "Приветы 你好世界 ελλάς"},
		{Channel: 1, Game: "Alpha", Name: "Annabel", Text: "-1 +2 =3 @4"},
	} {
		check(t, s.Append(t.Context(), m, func(store.Message) {}))
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	run(t, connect(t, s.Path()), `UPDATE messages SET sent_at = ?1 + (id - 1) * 86400000000`, start.UnixMicro()) // one a day
	return s, start
}

func ids(all []store.Found) (ids []store.MessageID) {
	for _, one := range all {
		ids = append(ids, one.ID)
	}
	return ids
}

func TestSearchMessages(t *testing.T) {
	s, start := talk(t)
	day := func(n float64) time.Time { return start.Add(time.Duration(n * 24 * float64(time.Hour))) }
	type want = []store.MessageID
	for _, test := range []struct {
		q    store.Search
		want want
	}{
		{store.Search{}, want{8, 7, 6, 5, 4, 3, 2, 1}},
		{store.Search{Oldest: true}, want{1, 2, 3, 4, 5, 6, 7, 8}},

		{store.Search{Words: "hello"}, want{3, 2, 1}},
		{store.Search{Words: "HELLO", Oldest: true}, want{1, 2, 3}},
		{store.Search{Words: " hello \t everybody "}, want{3, 1}},
		{store.Search{Words: `"hello everybody"`}, want{1}},
		{store.Search{Words: `"hello everybody`}, want{1}}, // not closed
		{store.Search{Words: `says"hello"`}, want{3}},
		{store.Search{Words: "cafe"}, want{2}},
		{store.Search{Words: "CAFÉ"}, want{2}},
		{store.Search{Words: "every*"}, want{3, 1}},
		{store.Search{Words: "every"}, nil},
		{store.Search{Words: "every* hello says"}, want{3}},
		{store.Search{Words: `"says hel"*`}, want{3}},
		{store.Search{Words: "he**"}, want{3, 2, 1}},
		{store.Search{Words: "don't"}, want{4}},
		{store.Search{Words: "don't-care"}, want{4}},
		{store.Search{Words: "care-don"}, nil},
		{store.Search{Words: `""quoted""`}, want{4}},
		{store.Search{Words: "and or not near"}, want{6}},
		{store.Search{Words: "NEAR(or and)"}, nil}, // no syntax, but a phrase
		{store.Search{Words: "message:x"}, want{6}},
		{store.Search{Words: "name:ann"}, nil},
		{store.Search{Words: "^hello"}, want{3, 2, 1}},
		{store.Search{Words: "50% !!!"}, want{5}},
		{store.Search{Words: "привет*"}, want{7}},
		{store.Search{Words: "ПРИВЕТЫ"}, want{7}},
		{store.Search{Words: "你好*"}, want{7}},
		{store.Search{Words: "ελλάς"}, want{7}},
		{store.Search{Words: "-1"}, want{8}},
		{store.Search{Words: "nothing"}, nil},

		{store.Search{Game: "alpha"}, want{8, 2, 1}},
		{store.Search{Game: "Nobody"}, nil},
		{store.Search{Player: "ann"}, want{7, 3, 2, 1}},
		{store.Search{Player: "Ann  Marie"}, want{2}},
		{store.Search{Player: "zoe"}, want{4}},
		{store.Search{Player: "***"}, want{5}},
		{store.Search{Player: "---"}, nil},
		{store.Search{Player: `" OR name : "`}, nil},
		{store.Search{Player: "ann", Game: "Alpha"}, want{2, 1}},
		{store.Search{Player: "***", Game: "Gamma", Words: "drop"}, want{5}},
		{store.Search{Channel: "testing"}, want{6, 3}},
		{store.Search{Channel: "testing", Words: "hello"}, want{3}},
		{store.Search{Channel: "gossip", Words: "hello", Game: "Alpha", Player: "Marie"}, want{2}},

		{store.Search{From: day(6)}, want{8, 7}},
		{store.Search{From: day(5.5), Until: day(7)}, want{7}},
		{store.Search{Until: day(1)}, want{1}},
		{store.Search{Until: day(2), Words: "hello"}, want{2, 1}},
		{store.Search{From: day(1), Player: "ann", Channel: "gossip"}, want{7, 2}},
		{store.Search{From: day(3), Until: day(3)}, nil},
		{store.Search{From: day(100)}, nil},
		{store.Search{Until: day(-100)}, nil},

		{store.Search{Before: 4}, want{3, 2, 1}},
		{store.Search{Before: 3, Words: "hello"}, want{2, 1}},
		{store.Search{After: 6}, want{8, 7}},
		{store.Search{After: 1, Words: "hello", Oldest: true}, want{2, 3}},
		{store.Search{After: 1, Before: 3}, want{2}},
		{store.Search{Before: 1}, nil},
		{store.Search{Before: 1, Words: "hello"}, nil},
	} {
		got, err := s.SearchMessages(t.Context(), test.q)
		if err != nil || !slices.Equal(ids(got.Messages), test.want) || got.More || got.Unread != 0 {
			t.Errorf("%+v: got %d, more %t, %d unread, %v; want %d", test.q, ids(got.Messages), got.More, got.Unread, err, test.want)
		}
	}

	got := must(s.SearchMessages(t.Context(), store.Search{Words: "cafe"}))
	want1 := store.Found{
		Message:     store.Message{ID: 2, Channel: 1, Game: "Alpha", Name: "Ann Marie", Text: "hello, Café!", SentAt: day(1)},
		ChannelName: "gossip",
	}
	if got.Messages[0] != want1 {
		t.Errorf("got %+v, want %+v", got.Messages[0], want1)
	}
	check(t, s.DeleteChannel(t.Context(), "gossip"))
	if got := must(s.SearchMessages(t.Context(), store.Search{Words: "cafe"})); len(got.Messages) != 1 || got.Messages[0].ChannelName != "" {
		t.Errorf("of a channel that is gone: got %+v", got)
	}
}

func TestSearchMessages_invalid(t *testing.T) {
	s, _ := talk(t)
	for _, test := range []struct {
		q     store.Search
		field string
	}{
		{store.Search{Words: "!!!"}, "words"},
		{store.Search{Words: `"`}, "words"},
		{store.Search{Words: "*"}, "words"},
		{store.Search{Words: "a*"}, "words"},
		{store.Search{Words: `"hello a"*`}, "words"},
		{store.Search{Words: strings.Repeat("x", 201)}, "words"},
		{store.Search{Words: strings.Repeat("x ", 21)}, "words"},
		{store.Search{Words: "a\x00b"}, "words"},
		{store.Search{Words: "\xff"}, "words"},
		{store.Search{Game: "two words"}, "game"},
		{store.Search{Game: `x"`}, "game"},
		{store.Search{Player: "\x00"}, "player"},
		{store.Search{Channel: "Gossip"}, "channel"},
		{store.Search{Channel: "nowhere", Words: "hello"}, "channel"},
	} {
		_, err := s.SearchMessages(t.Context(), test.q)
		wantField(t, fmt.Sprintf("%+v", test.q), err, store.ErrInvalid, test.field)
	}
}

// Page after page, in both directions, nothing is missed or given twice.
func TestSearchMessages_pages(t *testing.T) {
	s := open(t)
	run(t, connect(t, s.Path()), `
		INSERT INTO messages (channel_id, game, name, message, sent_at)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1234)
		SELECT 1, 'Alpha', 'Ann', iif(i % 2, 'odd', 'even') || ' ' || i, i FROM n`)
	for _, q := range []store.Search{{}, {Words: "even"}, {Words: "odd", Oldest: true}, {Channel: "gossip", Oldest: true}} {
		want := 1234
		if q.Words != "" {
			want = 617
		}
		seen := map[store.MessageID]bool{}
		for page := q; ; {
			got := must(s.SearchMessages(t.Context(), page))
			for i, one := range got.Messages {
				if seen[one.ID] || i > 0 && (one.ID > got.Messages[i-1].ID) != q.Oldest {
					t.Fatalf("%+v: got %d", page, ids(got.Messages))
				}
				seen[one.ID] = true
			}
			if !got.More {
				break
			}
			if len(got.Messages) != store.SearchLimit {
				t.Fatalf("%+v: got %d messages", page, len(got.Messages))
			}
			last := got.Messages[len(got.Messages)-1].ID
			if q.Oldest {
				page.After = last
			} else {
				page.Before = last
			}
		}
		if len(seen) != want {
			t.Errorf("%+v: got %d messages, want %d", q, len(seen), want)
		}
	}
	var all []store.MessageID
	check(t, s.EachMessage(t.Context(), store.Search{}, func(one store.Found) error {
		all = append(all, one.ID)
		return nil
	}))
	if len(all) != 1234 || !slices.IsSorted(all) {
		t.Errorf("got %d messages", len(all))
	}
}

// The clock was turned back by half an hour, in the middle of the log.
func TestSearchMessages_clock(t *testing.T) {
	s := open(t)
	conn := connect(t, s.Path())
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	run(t, conn, `
		INSERT INTO messages (channel_id, game, name, message, sent_at)
		WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 599)
		SELECT 1, 'Alpha', 'Ann', 'x', ?1 + (i - iif(i >= 300, 30, 0)) * 60000000 FROM n`, start.UnixMicro())
	for minute := range 600 {
		q := store.Search{From: start.Add(time.Duration(minute) * time.Minute), Until: start.Add(time.Duration(minute+10) * time.Minute), Limit: 100}
		want := ask(t, conn, `SELECT count(*) FROM messages WHERE sent_at >= ?1 AND sent_at < ?2`, q.From.UnixMicro(), q.Until.UnixMicro())
		if got := must(s.SearchMessages(t.Context(), q)); fmt.Sprint(len(got.Messages)) != want[0] {
			t.Errorf("from minute %d: got %d messages, want %s", minute, len(got.Messages), want[0])
		}
	}
}

// TestSearchMessages_signs: in scripts without spaces what is looked for is found wherever it
// stands, and letters beside such signs too.
func TestSearchMessages_signs(t *testing.T) {
	s := open(t)
	for _, m := range []store.Message{
		{Name: "Ann", Text: "你好世界，欢迎来到这里"},       // 1
		{Name: "Ann", Text: "สวัสดีชาวโลกทุกคน"}, // 2
		{Name: "Ann", Text: "안녕하세요 여러분"},         // 3
		{Name: "Ann", Text: "重跑gen-itgc后50条"},    // 4
		{Name: "Ann", Text: "ドラゴンが空を飛ぶ"},         // 5
		{Name: "龙王", Text: "Who wants a quest?"}, // 6
		{Name: "Ann", Text: "世上无难事，界外有天"},        // 7: both signs of 世界, not side by side
		{Name: "Ann", Text: "Ｆｕｌｌ　ｗｉｄｔｈ 世"},      // 8
		{Name: "Ann", Text: "itgc and nothing"},  // 9
	} {
		m.Channel, m.Game = 1, "Alpha"
		check(t, s.Append(t.Context(), m, func(store.Message) {}))
	}
	type want = []store.MessageID
	for _, test := range []struct {
		q    store.Search
		want want
	}{
		{store.Search{Words: "世界"}, want{1}},
		{store.Search{Words: "世"}, want{8, 7, 1}},
		{store.Search{Words: "界"}, want{7, 1}},
		{store.Search{Words: "世*"}, want{8, 7, 1}},
		{store.Search{Words: "好世界"}, want{1}},
		{store.Search{Words: "世界 欢迎"}, want{1}},
		{store.Search{Words: `"世界，欢迎"`}, want{1}},
		{store.Search{Words: "界世"}, nil},
		{store.Search{Words: "โลก"}, want{2}},
		{store.Search{Words: "ชาว"}, want{2}},
		{store.Search{Words: "โลด"}, nil},
		{store.Search{Words: "안녕"}, want{3}},
		{store.Search{Words: "안녕*"}, want{3}},
		{store.Search{Words: "하세"}, want{3}},
		{store.Search{Words: "itgc"}, want{9, 4}},
		{store.Search{Words: "itgc", Oldest: true}, want{4, 9}},
		{store.Search{Words: "ITGC 后50"}, want{4}},
		{store.Search{Words: "gen-itgc后"}, want{4}},
		{store.Search{Words: "跑gen"}, want{4}},
		{store.Search{Words: "it*"}, want{9, 4}},
		{store.Search{Words: "ドラゴン"}, want{5}},
		{store.Search{Words: "ﾄﾞﾗｺﾞﾝ"}, want{5}},
		{store.Search{Words: "full"}, want{8}},
		{store.Search{Player: "龙王"}, want{6}},
		{store.Search{Player: "龙", Words: "quest"}, want{6}},
		{store.Search{Words: "世界", Game: "Alpha", Channel: "gossip", Player: "ann"}, want{1}},
		{store.Search{Words: "世界", Channel: "testing"}, nil},
		{store.Search{Words: "世", Limit: 2}, want{8, 7}},
	} {
		got, err := s.SearchMessages(t.Context(), test.q)
		if err != nil || !slices.Equal(ids(got.Messages), test.want) || got.Unread != 0 || got.More != (test.q.Limit == 2) {
			t.Errorf("%+v: got %d, %d unread, %v; want %d", test.q, ids(got.Messages), got.Unread, err, test.want)
		}
	}
	if n := ask(t, connect(t, s.Path()), `SELECT count(*) FROM search_spelling`); n[0] != "8" { // the last one costs nothing
		t.Errorf("%s messages are spelled, want 8", n[0])
	}
}

// checkIndex fails the test unless the index has all messages' words and no others.
func checkIndex(t testing.TB, s *store.Store, conn *sqlite.Conn) {
	t.Helper()
	check(t, s.IndexMessages(t.Context()))
	run(t, conn, `INSERT INTO search (search, rank) VALUES ('integrity-check', 1)`)
	run(t, conn, `INSERT INTO search_spelled (search_spelled, rank) VALUES ('integrity-check', 1)`)
	if got := ask(t, conn, `SELECT count(*) FROM messages WHERE id NOT IN (SELECT id FROM search_docsize)`); got[0] != "0" {
		t.Errorf("%s messages have no words", got[0])
	}
	if got := ask(t, conn, `SELECT count(*) FROM search_spelling WHERE id NOT IN (SELECT id FROM messages)`); got[0] != "0" {
		t.Errorf("%s messages that are gone are still spelled", got[0])
	}
}

// Whoever changes the log, the index follows, whether it has the message already or not.
func TestSearchMessages_outside(t *testing.T) {
	for name, write := range outsiders {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			conn := connect(t, s.Path())
			for _, known := range []bool{false, true} {
				write(t, s, `
					DELETE FROM messages;
					INSERT INTO messages (channel_id, game, name, message, sent_at) VALUES
						(1, 'Alpha', 'Ann', 'one apple', 1), (1, 'Alpha', 'Ann', 'two apples', 2), (1, 'Alpha', 'Ann', 'three apples', 3),
						(1, 'Alpha', 'Ann', '一个苹果', 4), (1, 'Alpha', 'Ann', '两个苹果', 5), (1, 'Alpha', 'Ann', 'three 苹果', 6), (1, 'Alpha', 'Ann', 'four plums', 7);`)
				if known {
					checkIndex(t, s, conn)
				}
				write(t, s, `
					UPDATE messages SET message = 'one pear' WHERE message = 'one apple';
					UPDATE messages SET message = '一个梨' WHERE message = '一个苹果';
					UPDATE messages SET message = '四个李子' WHERE message = 'four plums';
					DELETE FROM messages WHERE message = '两个苹果';
					UPDATE messages SET sent_at = 9;
					DELETE FROM messages WHERE message = 'two apples';
					INSERT INTO messages (channel_id, game, name, message, sent_at) VALUES (1, 'Beta', 'Bob', 'four apples', 4);`)
				for words, want := range map[string]int{"pear": 1, "apple": 0, "apples": 2, "app*": 2, "苹果": 1, "一个": 1, "个梨": 1, "李子": 1, "两个": 0} {
					if got := must(s.SearchMessages(t.Context(), store.Search{Words: words})); len(got.Messages) != want {
						t.Errorf("known %t, %q: got %+v, want %d", known, words, got.Messages, want)
					}
				}
				checkIndex(t, s, conn)
			}
		})
	}
}

// A file with more than a search adds itself: it says so, and the maintenance adds the rest.
func TestSearchMessages_unread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		defer s.Close()
		conn := connect(t, s.Path())
		run(t, conn, `
			INSERT INTO messages (channel_id, game, name, message, sent_at)
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
			SELECT 1, 'Alpha', 'Ann', 'hello ' || i, i FROM n`)
		wake, stop := s.Watch()
		defer stop()
		got := must(s.SearchMessages(t.Context(), store.Search{Words: "hello"}))
		if len(got.Messages) != store.SearchLimit || got.Unread != 3000 || got.Messages[0].ID != 2000 {
			t.Errorf("got %d messages, %d unread", len(got.Messages), got.Unread)
		}
		if got := must(s.SearchMessages(t.Context(), store.Search{})); got.Unread != 0 || got.Messages[0].ID != 5000 {
			t.Errorf("without words: got %d unread", got.Unread)
		}
		select {
		case <-wake:
			t.Error("adding words wakes who watches the log of versions")
		default:
		}
		end := maintain(t, s)
		defer end()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if got := ask(t, conn, `SELECT count(*) FROM search_docsize`); got[0] != "5000" {
			t.Errorf("the words of %s messages are known", got[0])
		}
		checkIndex(t, s, conn)
	})
}

func TestPurgeMessages_index(t *testing.T) {
	s := open(t)
	conn := connect(t, s.Path())
	now := time.Now()
	run(t, conn, `
		INSERT INTO messages (channel_id, game, name, message, sent_at)
		WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2999)
		SELECT 1 + i % 2, 'Alpha', 'Ann', 'hello ' || i, ?1 + i * 864000000 FROM n`, now.Add(-60*24*time.Hour).UnixMicro())
	checkIndex(t, s, conn)
	check(t, s.PurgeMessages(t.Context(), now))
	if got := ask(t, conn, `SELECT count(*), (SELECT count(*) FROM search_docsize) FROM messages`); got[0] != "0|0" && got[0] != "1|1" {
		t.Errorf("got %s", got[0])
	}
	send(t, s, 1, "hello again")
	checkIndex(t, s, conn)
	if got := must(s.SearchMessages(t.Context(), store.Search{Words: "hello"})); len(got.Messages) == 0 || got.Messages[0].Text != "hello again" {
		t.Errorf("got %+v", got)
	}
}

// An index that somebody has damaged is made anew, and does not keep messages from being
// purged.
func TestSearchMessages_damaged(t *testing.T) {
	for what, do := range map[string]func(*testing.T, *store.Store){
		"purging":  func(t *testing.T, s *store.Store) { check(t, s.PurgeMessages(t.Context(), time.Now())) },
		"indexing": func(t *testing.T, s *store.Store) { send(t, s, 1, "more"); check(t, s.IndexMessages(t.Context())) },
	} {
		t.Run(what, func(t *testing.T) {
			s, _ := talk(t)
			conn := connect(t, s.Path())
			checkIndex(t, s, conn)
			run(t, conn, `UPDATE search_data SET block = x'00'; UPDATE messages SET sent_at = 1 WHERE id = 1`)
			do(t, s)
			checkIndex(t, s, conn)
			if got, err := s.SearchMessages(t.Context(), store.Search{Words: "hello", Player: "marie"}); err != nil || what == "indexing" && len(got.Messages) != 1 {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// Whatever people type, it is an answer or a sentence about their words.
func FuzzSearchMessages(f *testing.F) {
	s, _ := talk(f)
	for _, words := range []string{"hello", `"a b"* c`, `" OR name : "`, "a AND (b", "x*", "NEAR(a b, 3)", "-a", "\x00", "\xff", "^a + b", `""""`, "{message} : x", "é* 你"} {
		f.Add(words, "ann")
	}
	f.Fuzz(func(t *testing.T, words, player string) {
		_, err := s.SearchMessages(t.Context(), store.Search{Words: words, Player: player})
		if err == nil {
			return
		}
		wantErr(t, fmt.Sprintf("%q %q", words, player), err, store.ErrInvalid)
		if !utf8.ValidString(err.Error()) {
			t.Errorf("%q: %q", words, err)
		}
	})
}
