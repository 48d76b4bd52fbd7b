package admin

import "time"

// Restored is how the restore of a backup ended.
type Restored struct {
	Source string // the backup
	Kept   string // what the file that made room is called
	At     time.Time
	Err    error // why the old file stayed; nil: it did not
}
