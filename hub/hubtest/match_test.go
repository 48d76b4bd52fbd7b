package hubtest

import (
	"testing"
)

func TestScope_match(t *testing.T) {
	for _, test := range []struct {
		want, got string
		matches   bool
	}{
		{`{"a":1}`, `{"a":1}`, true},
		{`{"a":1}`, `{"a":1.0}`, false},
		{`{"a":1}`, `{"a":1,"b":2}`, false},
		{`{"a":1,"$more":true}`, `{"a":1,"b":2}`, true},
		{`{"a":1,"b":"$maybe"}`, `{"a":1}`, true},
		{`{"a":1,"b":"$maybe"}`, `{"a":1,"b":null}`, true},
		{`{"a":1,"b":"$any"}`, `{"a":1}`, false},
		{`{"a":"$any"}`, `{"a":null}`, true},
		{`{"a":null}`, `{}`, false},
		{`{}`, `null`, false},
		{`[1,"$int"]`, `[1,2]`, true},
		{`[1]`, `[1,2]`, false},
		{`"✔️"`, `"\u2714\ufe0f"`, true},
		{`"$uuid"`, `"5fa7d629-5cd8-43f4-b973-8657ee0b584a"`, true},
		{`"$uuid"`, `"5fa7d629-5cd8-13f4-b973-8657ee0b584a"`, false},
		{`"$int"`, `5`, true},
		{`"$int"`, `-5`, true},
		{`"$int"`, `5.0`, false},
		{`"$int"`, `5e1`, false},
		{`"$int"`, `"5"`, false},
		{`"$string"`, `""`, true},
		{`"$string"`, `null`, false},
		{`"$bool"`, `false`, true},
		{`"$bool"`, `0`, false},
		{`"$time"`, `"2019-01-20T12:30:00.5Z"`, true},
		{`"$time"`, `"2019-01-20T12:30:00Z"`, true},
		{`"$time"`, `"2019-01-20T12:30:00+00:00"`, false},
		{`"$time"`, `"2019-01-20 12:30:00Z"`, false},
		{`"$micros"`, `"2019-01-20T12:30:00.123456Z"`, true},
		{`"$micros"`, `"2019-01-20T12:30:00.123Z"`, false},
		{`"$micros"`, `"2019-13-20T12:30:00.123456Z"`, false},
		{`["$save:x","$same:x"]`, `[7,7]`, true},
		{`["$save:x","$same:x"]`, `[7,8]`, false},
		{`["$save:x","$same:x"]`, `[7,"7"]`, false},
		{`"$same:never"`, `null`, false},
		{`["$save:x","$after:x"]`, `[9,10]`, true},
		{`["$save:x","$after:x"]`, `[9,9]`, false},
		{`["$save:x","$after:x"]`, `["2019","2020"]`, true},
		{`["$save:x","$after:x"]`, `["2019",2020]`, false},
		{`"$fold:Bob"`, `"bOB"`, true},
		{`"$fold:Bob"`, `"Bobby"`, false},
		{`"$range:1:6"`, `6`, true},
		{`"$range:1:6"`, `1`, true},
		{`"$range:1:6"`, `0`, false},
		{`"$range:1:6"`, `7`, false},
		{`"$range:1:6"`, `"3"`, false},
		{`"$match:^a.b$"`, `"axb"`, true},
		{`"$match:^a.b$"`, `"axxb"`, false},
		{`"$$int"`, `"$int"`, true},
		{`"$$int"`, `5`, false},
		{`{"$unordered":[1,3,"$any"]}`, `[3,2,1]`, true},
		{`{"$unordered":[1,2]}`, `[1,1]`, false},
		{`{"$unordered":[1]}`, `[1,1]`, false},
		{`{"$unordered":[]}`, `[]`, true},
		{`[{"$unordered":[{"a":"$save:x","b":2},"$any"]},"$same:x"]`, `[[{"a":5,"b":2},{"a":1,"b":1}],5]`, true},
		{`[{"$in":[["$save:x",2],["$any","$save:x"]]},"$same:x"]`, `[[1,3],3]`, true},
		{`{"$in":["create","update"]}`, `"update"`, true},
		{`{"$in":["create","update"]}`, `"delete"`, false},
		{`{"$all":["$int",{"$not":5}]}`, `6`, true},
		{`{"$all":["$int",{"$not":5}]}`, `5`, false},
		{`{"$len":2}`, `[1,2]`, true},
		{`{"$len":2}`, `[]`, false},
		{`{"$len":0}`, `{}`, false},
	} {
		err := newScope(nil).match("frame", decode(t, test.want), decode(t, test.got))
		if (err == nil) != test.matches {
			t.Errorf("%s against %s: got %v, want a match: %t", test.want, test.got, err, test.matches)
		}
	}
}

func TestScope_match_savesNothingOnFailure(t *testing.T) {
	sc := newScope(nil)
	if err := sc.match("frame", decode(t, `["$save:x",2]`), decode(t, `[1,3]`)); err == nil {
		t.Fatal("got a match, want none")
	}
	if v, ok := sc.lookup("x"); ok {
		t.Errorf("got x = %v, want nothing saved", v)
	}
}

func TestScope_fill(t *testing.T) {
	sc := newScope(map[string]credential{"Alpha": {ClientID: "id", ClientSecret: "secret"}})
	sc.save(map[string]any{"n": number(7), "s": "x", "none": nil})
	got, err := sc.round(2).fill(decode(t, `["${n}","a${n}","${s}${Alpha.id}","${ab*3}","r${i}","${i}","${}","$save:n",{"a":["${none}"]}]`))
	if err != nil {
		t.Fatal(err)
	}
	if want := `[7,"a7","xid","ababab","r2",2,"${}","$save:n",{"a":[null]}]`; string(encode(got)) != want {
		t.Errorf("got %s, want %s", encode(got), want)
	}
	for _, text := range []string{"${missing}", "a ${missing}", "${i}"} {
		if got, err := sc.fill(text); err == nil {
			t.Errorf("%s: got %v, want an error", text, got)
		}
	}
}

func TestCheckPattern(t *testing.T) {
	for _, test := range []struct {
		pattern string
		ok      bool
	}{
		{`{"a":["$int","$range:1:2","$$x","${n}","text"],"$more":true}`, true},
		{`"$integer"`, false},
		{`{"a":[{"$unordred":[]}]}`, false},
		{`{"$in":[1],"a":2}`, false},
	} {
		if err := checkPattern(decode(t, test.pattern)); (err == nil) != test.ok {
			t.Errorf("%s: got %v, want it accepted: %t", test.pattern, err, test.ok)
		}
	}
}

func decode(t testing.TB, text string) any {
	t.Helper()
	var v any
	if err := decodeStrict([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}
