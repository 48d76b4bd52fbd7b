package assets

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"sync"
)

// licences.json.gz is made by: go test ./assets -run Licences -update
//
//go:embed licences.json.gz
var packedLicences []byte

// A Licence is that of a part of the program.
type Licence struct {
	Name    string `json:"name"`    // the module's path, or what a vendored file is called
	Version string `json:"version"` // "": it comes with the compiler, or is the program's own
	Text    string `json:"text"`
}

// Licences are those of everything that is in the program, on whichever system: its own,
// those of the linked modules, and those of the files in vendor.
func Licences() []Licence { return unpacked() }

var unpacked = sync.OnceValue(func() []Licence {
	all, err := unpackLicences(packedLicences)
	if err != nil {
		panic("assets: " + err.Error()) // the embedded file is part of the program: a fault here is ours
	}
	return all
})

func unpackLicences(packed []byte) (all []Licence, err error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err == nil {
		err = json.NewDecoder(r).Decode(&all)
	}
	return all, err
}
