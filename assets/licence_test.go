package assets

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "make licences.json.gz anew")

// linked gives the modules that are in the program for a system, with their folders.
func linked(goos string) (modules [][3]string, err error) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}} {{.Dir}}{{end}}", "hearsay")
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
	cmd.Stderr = new(bytes.Buffer)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, cmd.Stderr)
	}
	for line := range strings.Lines(string(out)) {
		if words := strings.Fields(line); len(words) == 3 { // not ours, which has no version
			modules = append(modules, [3]string(words))
		}
	}
	slices.SortFunc(modules, func(a, b [3]string) int { return strings.Compare(a[0], b[0]) })
	return slices.Compact(modules), nil
}

// texts joins the licences that lie in a folder.
func texts(folder string) (string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return "", err
	}
	var all []string
	for _, entry := range entries {
		upper := strings.ToUpper(entry.Name())
		if entry.IsDir() || !strings.HasPrefix(upper, "LICEN") && !strings.HasPrefix(upper, "COPYING") && !strings.HasPrefix(upper, "NOTICE") && !strings.HasPrefix(upper, "PATENTS") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return "", err
		}
		all = append(all, strings.TrimSpace(string(text))+"\n")
	}
	if len(all) == 0 {
		return "", fmt.Errorf("%s: has no licence", folder)
	}
	return strings.Join(all, "\n"), nil
}

// vendored are the licences of the files in vendor, by the table of its README.
func vendored() (all []Licence, err error) {
	readme, err := os.ReadFile("vendor/README.md")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(readme)) {
		cells := strings.Split(line, "|")
		if len(cells) < 6 || !strings.Contains(cells[4], "](") {
			continue
		}
		_, file, _ := strings.Cut(cells[4], "](")
		file, _, _ = strings.Cut(file, ")")
		text, err := os.ReadFile("vendor/" + file)
		if err != nil {
			return nil, err
		}
		l := Licence{strings.TrimSpace(cells[2]), strings.TrimSpace(cells[3]), strings.TrimSpace(string(text)) + "\n"}
		if !slices.ContainsFunc(all, func(other Licence) bool { return other.Text == l.Text }) { // a file and its extensions
			all = append(all, l)
		}
	}
	return all, nil
}

// wanted are the licences that the program must have when it is built for these systems,
// but for the compiler's.
func wanted(systems ...string) (all []Licence, err error) {
	own, err := texts("..")
	if err != nil {
		return nil, err
	}
	all = append(all, Licence{Name: "Hearsay", Text: own})
	var modules [][3]string
	for _, goos := range systems {
		more, err := linked(goos)
		if err != nil {
			return nil, err
		}
		modules = append(modules, more...)
	}
	slices.SortFunc(modules, func(a, b [3]string) int { return strings.Compare(a[0], b[0]) })
	for _, m := range slices.Compact(modules) {
		text, err := texts(m[2])
		if err != nil {
			return nil, err
		}
		all = append(all, Licence{m[0], m[1], text})
	}
	browser, err := vendored()
	return append(all, browser...), err
}

// TestLicences: what is linked into the program is in licences.json.gz, with its version.
func TestLicences(t *testing.T) {
	if *update {
		all, err := wanted("linux", "windows", "darwin")
		if err != nil {
			t.Fatal(err)
		}
		root, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			t.Fatal(err)
		}
		compiler, err := texts(strings.TrimSpace(string(root)))
		if err != nil {
			t.Fatal(err)
		}
		all = slices.Insert(all, 1, Licence{Name: "Go", Text: compiler})
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(all); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("licences.json.gz", b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		packedLicences = b.Bytes()
	}
	all, err := wanted(runtime.GOOS)
	if err != nil {
		t.Fatal(err)
	}
	got := Licences()
	for _, want := range all {
		i := slices.IndexFunc(got, func(l Licence) bool { return l.Name == want.Name })
		switch {
		case i < 0:
			t.Errorf("the licence of %s is missing; run: go test ./assets -run Licences -update", want.Name)
		case got[i].Version != want.Version:
			t.Errorf("%s is in the program as %s, and its licence is of %s; run: go test ./assets -run Licences -update", want.Name, want.Version, got[i].Version)
		case got[i].Text != want.Text:
			t.Errorf("the licence of %s is another one; run: go test ./assets -run Licences -update", want.Name)
		}
	}
	if len(got) < 25 || got[1].Name != "Go" || !strings.Contains(got[1].Text, "The Go Authors") {
		t.Errorf("there are only %d licences, or the compiler's is missing", len(got))
	}
}
