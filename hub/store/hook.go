package store

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// SQLite tells its own connection about every row that it writes, and about every
// commit. Our library has no API for that, but the C library under it has
// sqlite3_auto_extension: an entry that is called with the handle of each new
// connection while that opens. A connection asks for hooks by the parameter
// hearsay_hooks=N in its URI, N being the number of a hooks value.
//
// The hooks are only an alarm. They do not see what another process writes, nor the
// rows that INSERT OR REPLACE deletes, nor a DELETE without WHERE, nor WITHOUT ROWID
// tables; and they do see rows that a failed statement takes back. What happened
// is read from the table versions afterwards.
//
// No callback keeps the libc.TLS that it is handed, and no struct of the library is
// looked into. A signature that changed in the library would still compile: the
// tests of this file prove that every hook fires.

// hooks are the callbacks of one connection. They run on the goroutine that uses
// the connection, inside SQLite: they must be quick and must not use the connection.
type hooks struct {
	update   func(table string) // a row of table was inserted, updated or deleted
	rollback func()
	commit   func(pages int) // the commit is durable in the WAL, which has so many pages, and visible to readers

	db uintptr // the connection's handle, set while it opens
}

var registry struct {
	once sync.Once
	last atomic.Uintptr
	m    sync.Map // number → *hooks
}

const hookParameter = "hearsay_hooks"

// register makes h known under the number that a connection's URI names. SQLite
// calls forget when that connection closes.
func register(h *hooks) (number uintptr, err error) {
	registry.once.Do(func() {
		tls := libc.NewTLS()
		defer tls.Close()
		if rc := lib.Xsqlite3_auto_extension(tls, pointer(onOpen)); rc != lib.SQLITE_OK {
			err = fmt.Errorf("register the update hook: SQLite error %d", rc)
		}
	})
	number = registry.last.Add(1)
	registry.m.Store(number, h)
	return number, err
}

func forget(number uintptr) { registry.m.Delete(number) }

func find(number uintptr) *hooks {
	if h, ok := registry.m.Load(number); ok {
		return h.(*hooks)
	}
	return &hooks{update: func(string) {}, rollback: func() {}, commit: func(int) {}}
}

// onOpen is the auto extension. It returns an SQLite error code.
func onOpen(tls *libc.TLS, db, _, _ uintptr) int32 {
	if rc := keepPlans(tls, db); rc != lib.SQLITE_OK {
		return rc
	}
	file := lib.Xsqlite3_db_filename(tls, db, 0)
	name, err := libc.CString(hookParameter)
	if err != nil {
		return lib.SQLITE_NOMEM
	}
	defer libc.Xfree(tls, name)
	value := lib.Xsqlite3_uri_parameter(tls, file, name)
	if value == 0 {
		return lib.SQLITE_OK
	}
	n, err := strconv.ParseUint(libc.GoString(value), 10, 64)
	if err != nil {
		return lib.SQLITE_MISUSE
	}
	number := uintptr(n)
	find(number).db = db
	lib.Xsqlite3_update_hook(tls, db, pointer(onUpdate), number)
	lib.Xsqlite3_rollback_hook(tls, db, pointer(onRollback), number)
	return lib.Xsqlite3_set_clientdata(tls, db, name, number, pointer(onClose))
}

// keepPlans has a statement keep its plan when other values are bound to it. Else, because
// of the partial indexes, each page of a catch-up would be planned anew.
func keepPlans(tls *libc.TLS, db uintptr) int32 {
	return configure(tls, db, lib.SQLITE_DBCONFIG_ENABLE_QPSG)
}

// configure switches something of a connection on.
func configure(tls *libc.TLS, db uintptr, what int32) int32 {
	on := libc.NewVaList(int32(1), uintptr(0))
	if on == 0 {
		return lib.SQLITE_NOMEM
	}
	defer libc.Xfree(tls, on)
	return lib.Xsqlite3_db_config(tls, db, what, on)
}

// leaveWAL has the connection neither write the WAL back nor delete it when it closes.
func (h *hooks) leaveWAL() error {
	tls := libc.NewTLS()
	defer tls.Close()
	if rc := configure(tls, h.db, lib.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE); rc != lib.SQLITE_OK {
		return fmt.Errorf("leave the WAL alone: SQLite error %d", rc)
	}
	return nil
}

// hookCommits finishes what onOpen began, once the connection is open: opening
// installs the auto-checkpoint as the WAL hook, over anything set before. From then on
// the connection's owner has to see to checkpoints.
func (h *hooks) hookCommits(number uintptr) error {
	if h.db == 0 {
		return fmt.Errorf("the update hook was not installed by the SQLite library")
	}
	tls := libc.NewTLS()
	defer tls.Close()
	lib.Xsqlite3_wal_hook(tls, h.db, pointer(onCommit), number)
	return nil
}

func onUpdate(_ *libc.TLS, number uintptr, _ int32, _, table uintptr, _ int64) {
	find(number).update(libc.GoString(table))
}

func onRollback(_ *libc.TLS, number uintptr) { find(number).rollback() }

// onCommit is the WAL hook; unlike the commit hook it runs when readers can see
// the rows.
func onCommit(_ *libc.TLS, number, _, _ uintptr, pages int32) int32 {
	find(number).commit(int(pages))
	return lib.SQLITE_OK
}

func onClose(_ *libc.TLS, number uintptr) { forget(number) }

// pointer makes a C function pointer of a declared function, as the library's
// transpiled code wants it; not for closures. A func value is a pointer to the
// function's entry (https://go.dev/s/go11func), which lies in read-only memory.
func pointer[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }
