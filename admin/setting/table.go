package setting

import (
	"github.com/spf13/pflag"

	"hearsay/hub/store"
)

// A row says of a setting what its flag does not.
type row struct {
	name    string
	only    string   // why only a flag or the environment may set it; "": the file may, too
	atStart bool     // a change of the file holds from the next start
	choices []string // if not every text will do
	lines   bool     // it is a text of several lines
}

const (
	wantsFile    = "it is needed before the file is open"
	locksOut     = "a slip would shut the pages out"
	wantsSecret  = "it is a secret"
	writesFile   = "it writes a file anywhere"
	opensMetrics = "it shows them to everybody who reaches it"
	opensDoors   = "links for new passwords lead there"
)

// table has all settings by what they are about, in the order in which people see them.
var table = []struct {
	group string
	rows  []row
}{
	{"Network", []row{
		{name: "title"},
		{name: "name", atStart: true},
		{name: "downtime"},
	}},
	{"Public pages", []row{
		{name: "welcome", lines: true},
		{name: "conduct", lines: true},
		{name: "widget-origins"},
	}},
	{"People", []row{
		{name: "sign-up", choices: []string{
			string(store.SignUpClosed), string(store.SignUpInvite), string(store.SignUpApproval), string(store.SignUpOpen),
		}},
		{name: "game-registration", choices: []string{
			string(store.RegistrationOperator), string(store.RegistrationApproval), string(store.RegistrationVerified),
		}},
		{name: "operator-idle"},
		{name: "mail-from"},
		{name: "smtp-url", only: wantsSecret},
		{name: "public-url", only: opensDoors},
	}},
	{"Backups", []row{
		{name: "backup-schedule", choices: []string{store.Off, store.Daily, store.Weekly}},
		{name: "backup-hour"},
		{name: "backups-kept"},
		{name: "backup-folder"},
	}},
	{"Sockets", []row{
		{name: "heartbeat", atStart: true},
		{name: "offline-after", atStart: true},
		{name: "debug-for", atStart: true},
		{name: "compression", atStart: true},
	}},
	{"Limits", []row{
		{name: "limit-events"},
		{name: "limit-sends"},
		{name: "limit-subscribes"},
		{name: "limit-tells"},
		{name: "limit-system"},
		{name: "limit-unauthenticated"},
		{name: "limit-application-factor"},
		{name: "limit-drops"},
		{name: "limit-failures"},
		{name: "limit-failures-address"},
		{name: "limit-sockets"},
		{name: "limit-all-sockets"},
		{name: "limit-connections-address"},
		{name: "max-message"},
		{name: "max-text"},
		{name: "max-text-bytes"},
		{name: "max-queue"},
		{name: "max-history"},
	}},
	{"The server", []row{
		{name: "db", only: wantsFile},
		{name: "listen", only: locksOut},
		{name: "tls-cert", only: locksOut},
		{name: "tls-key", only: locksOut},
		{name: "trusted-proxies", only: locksOut},
		{name: "metrics-token", only: wantsSecret},
		{name: "metrics-listen", only: opensMetrics},
		{name: "log-format", only: wantsFile},
		{name: "log-level", only: wantsFile},
		{name: "cpu-profile", only: writesFile},
	}},
}

// find gives the row of a setting.
func find(name string) (r row, ok bool) {
	for _, g := range table {
		for _, r := range g.rows {
			if r.name == name {
				return r, true
			}
		}
	}
	return r, false
}

// A Kind is what a value is.
type Kind string

// The kinds.
const (
	Text     Kind = "text"
	Lines    Kind = "lines"
	Number   Kind = "number"
	Duration Kind = "duration"
	Rate     Kind = "rate"
	Switch   Kind = "switch"
	Choice   Kind = "choice"
)

func (r row) kind(f *pflag.Flag) Kind {
	if r.choices != nil {
		return Choice
	}
	if r.lines {
		return Lines
	}
	switch f.Value.Type() {
	case "int":
		return Number
	case "duration":
		return Duration
	case "bool":
		return Switch
	case "burst,per-second":
		return Rate
	}
	return Text
}

// form says how a value of a kind is written.
var form = map[Kind]string{
	Number:   "write a whole number",
	Duration: "write it with its unit, such as 15s, 1m30s or 2h",
	Switch:   "write true or false",
	Rate:     "write it as BURST,PER_SECOND, such as 100,20, or 0 for no limit",
}
