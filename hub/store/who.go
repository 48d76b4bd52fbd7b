package store

import (
	"cmp"
	"strings"

	"zombiezen.com/go/sqlite"
)

// A byWho has something about players by NAME@GAME, by *@GAME (all of a game) and by NAME@*
// (in whatever game), in lower case.
type byWho[T any] map[string]T

// parseWho reads one of those forms; either part may be "*", not both.
func parseWho(field, text string) (name, game string, err error) {
	at := strings.LastIndexByte(text, '@')
	if at < 1 {
		return "", "", invalid(field, "%q is no player; use NAME@GAME, *@GAME for a game, or NAME@* for whatever game", text)
	}
	name, game = strings.TrimSpace(text[:at]), text[at+1:]
	switch {
	case name == "*" && game == "*":
		return "", "", invalid(field, "is everybody; name a player or a game")
	case name == "" || game != "*" && CheckShortName(game) != nil:
		return "", "", invalid(field, "%q is no player; use NAME@GAME with the short name of a game, *@GAME for a game, or NAME@* for whatever game", text)
	}
	return name, game, nil
}

// whoKey is what byWho has it under.
func whoKey(name, game string) string { return strings.ToLower(name + "@" + game) }

// each calls found with all that there is about a player.
func (m byWho[T]) each(name, game string, found func(T)) {
	if len(m) == 0 {
		return
	}
	name, game = strings.ToLower(name), strings.ToLower(game)
	if about, there := m[name+"@"+game]; there {
		found(about)
	}
	if about, there := m["*@"+game]; there {
		found(about)
	}
	if about, there := m[name+"@*"]; there {
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
