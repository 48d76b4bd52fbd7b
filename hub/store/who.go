package store

import (
	"cmp"
	"strings"

	"zombiezen.com/go/sqlite"

	"hearsay/hub/fold"
)

// A who is a player of a game, all players of a game, or a player in whatever game.
type who struct {
	name string // "": all
	game string // short name; "": whatever game
}

// A byWho has something about players by their keys.
type byWho[T any] map[string]T

// PlayerPattern is the pattern that means one player, as rules and ignore lists have it. A
// backslash in it makes a star, an at sign or a backslash part of the name: "\*@Alpha".
func PlayerPattern(name, game string) string { return quoteName(name) + "@" + game }

var (
	quoted   = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `@`, `\@`)
	unquoted = strings.NewReplacer(`\\`, `\`, `\*`, `*`, `\@`, `@`)
)

func quoteName(name string) string { return quoted.Replace(name) }

// parseWho reads NAME@GAME, *@GAME or NAME@*.
func parseWho(field, text string) (w who, err error) {
	at := strings.LastIndexByte(text, '@') // no game has one in its short name
	if at < 1 || endsQuoting(text[:at]) {
		return w, invalid(field, "%q is no player; use NAME@GAME, *@GAME for a game, or NAME@* for whatever game", text)
	}
	name, game := strings.TrimSpace(text[:at]), text[at+1:]
	switch {
	case name == "*" && game == "*":
		return w, invalid(field, "is everybody; name a player or a game")
	case name == "" || game != "*" && CheckShortName(game) != nil:
		return w, invalid(field, "%q is no player; use NAME@GAME with the short name of a game, *@GAME for a game, or NAME@* for whatever game", text)
	}
	w = whoOf(name, game)
	if w.name != "" && fold.Key(w.name) == "" || w.name == "" && name != "*" {
		return w, invalid(field, "%q has a name in which nothing is visible; use NAME@GAME", text)
	}
	return w, nil
}

// endsQuoting reports whether what comes after a text is part of a name, because of the
// backslash at its end.
func endsQuoting(text string) bool {
	return (len(text)-len(strings.TrimRight(text, `\`)))%2 == 1
}

// whoOf reads the two parts of a pattern.
func whoOf(name, game string) (w who) {
	if name != "*" {
		w.name = unquoted.Replace(name)
	}
	if game != "*" {
		w.game = game
	}
	return w
}

// key is what byWho has it under: names are never empty, and short names have no "@".
func (w who) key() string { return fold.Key(w.name) + "@" + fold.Key(w.game) }

// each calls found with all that there is about a player.
func (m byWho[T]) each(name, game string, found func(T)) {
	if len(m) == 0 {
		return
	}
	name, game = fold.Key(name), fold.Key(game)
	if about, there := m["@"+game]; there {
		found(about)
	}
	if name == "" {
		return
	}
	if about, there := m[name+"@"+game]; there {
		found(about)
	}
	if about, there := m[name+"@"]; there {
		found(about)
	}
}

// checkGameKnown refuses the short name of nobody: not of a game, of an application, or, as
// only the block list knows, of the hub.
func checkGameKnown(conn *sqlite.Conn, field, game string) error {
	known, err := shortNameKnown(conn, game)
	if err == nil && !known {
		known, err = nameBlocked(conn, game)
	}
	if err != nil || !known {
		return cmp.Or(err, invalid(field, "there is no game %q; name one, or * for all", game))
	}
	return nil
}
