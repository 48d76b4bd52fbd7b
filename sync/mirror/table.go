package mirror

import (
	"fmt"
	"strings"

	"hearsay/hub/wire"
)

// A table says where the records of a kind are, and what of them. What is missing in a
// record gets the default, "" being NULL.
type table struct {
	kind    string
	name    string // the column for Change.Name
	columns []column
}

type column struct{ name, missing string }

// tables are in the order in which records refer to each other.
var tables = []table{
	{wire.KindChannels, "name", []column{{"name", "''"}, {"description", ""}, {"hidden", "0"}}},
	{wire.KindGames, "game", []column{
		{"game", "''"}, {"display_name", "''"}, {"display", "1"}, {"description", ""}, {"homepage_url", ""}, {"tagline", ""},
		{"user_agent", ""}, {"user_agent_url", ""}, {"redirect_uris", "'[]'"}, {"allow_character_registration", "0"},
		{"client_id", "''"}, {"client_secret", "'" + wire.Redacted + "'"}, {"last_seen_at", ""}, {"mssp_last_seen_at", ""},
	}},
	{wire.KindEvents, "title", []column{{"game_id", "0"}, {"title", "''"}, {"description", ""}, {"start_date", "''"}, {"end_date", "''"}}},
	{wire.KindAchievements, "title", []column{
		{"game_id", "0"}, {"key", "''"}, {"title", "''"}, {"description", ""}, {"points", "0"}, {"display", "1"},
		{"partial_progress", "0"}, {"total_progress", ""},
	}},
	{wire.KindRules, "subject", []column{
		{"kind", "''"}, {"subject", "''"}, {"channel", ""}, {"action", "''"}, {"replacement", ""}, {"reason", ""},
		{"ends_at", ""}, {"enabled", "1"}, {"created_by", ""}, {"created_at", "''"},
	}},
}

// statements are the SQL for the tables of a prefix.
type statements struct {
	prefix                           string
	of                               map[string]tableStatements // by kind
	see, connections, detach, attach string
	unseal                           string
}

// tableStatements are those for one table.
type tableStatements struct {
	table
	find, put, remove, sweep, digest, named, purge string
	seal, altered, unsealGone                      string // see check.go
}

// with puts the prefix in the place of {}.
func (s *statements) with(query string) string { return strings.ReplaceAll(query, "{}", s.prefix) }

func newStatements(prefix string) statements {
	s := statements{prefix: prefix, of: map[string]tableStatements{}}
	for _, t := range tables {
		name := prefix + t.kind
		s.of[t.kind] = tableStatements{
			table:  t,
			find:   `SELECT deleted_at IS NULL FROM ` + name + ` WHERE id = ?1`,
			put:    t.upsert(name),
			remove: `UPDATE ` + name + ` SET deleted_at = ?2, updated_at = ?2, version = ?3 WHERE id = ?1 AND deleted_at IS NULL`,
			sweep: `SELECT id FROM ` + name + ` WHERE deleted_at IS NULL
				AND id NOT IN (SELECT id FROM temp.` + prefix + `seen WHERE kind = '` + t.kind + `')`,
			digest: `SELECT id, version FROM ` + name + ` WHERE deleted_at IS NULL ORDER BY id`,
			named:  `SELECT ` + t.name + ` FROM ` + name + ` WHERE id = ?1`,
			purge:  `DELETE FROM ` + name + ` WHERE deleted_at < ?1`,
			seal: s.with(`
				INSERT INTO {}checks (kind, id, sum)
				SELECT '` + t.kind + `', id, ` + t.check(prefix) + ` FROM ` + name + ` WHERE id = ?1 AND deleted_at IS NULL
				ON CONFLICT (kind, id) DO UPDATE SET sum = excluded.sum`),
			altered: s.with(`
				SELECT id FROM ` + name + `
				WHERE deleted_at IS NULL
					AND ` + t.check(prefix) + ` IS NOT (SELECT c.sum FROM {}checks AS c WHERE c.kind = '` + t.kind + `' AND c.id = ` + name + `.id)
				UNION ALL
				SELECT id FROM {}checks
				WHERE kind = '` + t.kind + `' AND id NOT IN (SELECT id FROM ` + name + ` WHERE deleted_at IS NULL)
				ORDER BY id`),
			unsealGone: s.with(`
				DELETE FROM {}checks
				WHERE kind = '` + t.kind + `' AND id NOT IN (SELECT id FROM ` + name + ` WHERE deleted_at IS NULL)`),
		}
	}
	s.see = s.with(`INSERT INTO temp.{}seen (kind, id) VALUES (?1, ?2) ON CONFLICT DO NOTHING`)
	s.connections = s.with(`SELECT id, type, url, host, port FROM {}connections WHERE game_id = ?1 ORDER BY place`)
	s.unseal = s.with(`DELETE FROM {}checks WHERE kind = ?1 AND id = ?2`)
	s.detach = s.with(`DELETE FROM {}connections WHERE game_id = ?1`)
	s.attach = s.with(`
		INSERT INTO {}connections (game_id, place, id, type, url, host, port)
		VALUES (?1, ?2, ?3, ?4, nullif(?5, ''), nullif(?6, ''), nullif(?7, 0))`)
	return s
}

// upsert is the statement that inserts or updates a record, if that changes anything: ?1 is
// its id, ?2 its version, ?3 when that was logged, and then come the columns.
func (t table) upsert(name string) string {
	var names, values, sets, old, fresh []string
	for i, c := range t.columns {
		value := fmt.Sprintf(`?%d`, i+4)
		if c.missing != "" {
			value = fmt.Sprintf(`coalesce(%s, %s)`, value, c.missing)
		}
		names, values = append(names, c.name), append(values, value)
		sets = append(sets, c.name+` = excluded.`+c.name)
		old, fresh = append(old, name+`.`+c.name), append(fresh, `excluded.`+c.name)
	}
	comma := func(list []string) string { return strings.Join(list, `, `) }
	return `
		INSERT INTO ` + name + ` (id, ` + comma(names) + `, version, updated_at)
		VALUES (?1, ` + comma(values) + `, ?2, ?3)
		ON CONFLICT (id) DO UPDATE SET ` + comma(sets) + `, version = excluded.version, updated_at = excluded.updated_at, deleted_at = NULL
		WHERE (` + comma(old) + `, ` + name + `.version, ` + name + `.deleted_at) IS NOT (` + comma(fresh) + `, excluded.version, NULL)`
}
