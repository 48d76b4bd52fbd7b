package hubtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A dialogue is one file of cases.
type dialogue struct {
	Name    string            `json:"-"` // of the file, without .json
	Title   string            `json:"title"`
	Section string            `json:"section"`
	Server  map[string]string `json:"server"`
	Fixture fixture           `json:"fixture"`
	Cases   []*testCase       `json:"cases"`
}

// A fixture is all that the database holds before a case begins.
type fixture struct {
	Games []struct {
		ShortName   string  `json:"short_name"`
		Name        string  `json:"name"`
		Display     *bool   `json:"display"`
		Description *string `json:"description"`
	} `json:"games"`
	Channels []struct {
		Name        string  `json:"name"`
		Description *string `json:"description"`
		Hidden      bool    `json:"hidden"`
	} `json:"channels"`
	Applications []struct {
		ShortName string `json:"short_name"`
		Name      string `json:"name"`
		SyncForm  string `json:"sync_form"`
	} `json:"applications"`
}

type testCase struct {
	Name      string            `json:"name"`
	Section   string            `json:"section"`
	Server    map[string]string `json:"server"`
	BigFrames bool              `json:"big_frames"`
	Peers     []*entrance       `json:"peers"`
	Steps     []*step           `json:"steps"`
}

// load reads the dialogues of a folder in the order of their names.
func load(dir string) ([]*dialogue, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("list dialogues: %w", err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no dialogues in %s", dir)
	}
	var all []*dialogue
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read dialogue: %w", err)
		}
		d := &dialogue{Name: strings.TrimSuffix(filepath.Base(path), ".json")}
		if err := decodeStrict(text, d); err != nil {
			return nil, fmt.Errorf("dialogue %s: %w", d.Name, err)
		}
		if err := d.checkNames(); err != nil {
			return nil, fmt.Errorf("dialogue %s: %w", d.Name, err)
		}
		all = append(all, d)
	}
	return all, nil
}

func (d *dialogue) checkNames() error {
	seen := map[string]bool{}
	for _, c := range d.Cases {
		if c.Name == "" || seen[c.Name] {
			return fmt.Errorf("case %q: no name, or one used twice", c.Name)
		}
		seen[c.Name] = true
	}
	return nil
}

// decodeStrict reads one JSON value. It refuses unknown keys and keeps the
// letters of numbers.
func decodeStrict(text []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("more than one JSON value")
	}
	return nil
}

// encode writes v as compact JSON without HTML escapes.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Appendf(nil, "%v", v)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// A duration is written like 300ms.
type duration time.Duration

func (d *duration) UnmarshalJSON(text []byte) error {
	var letters string
	if err := json.Unmarshal(text, &letters); err != nil {
		return err
	}
	v, err := time.ParseDuration(letters)
	*d = duration(v)
	return err
}

// A word is a text. Where a placeholder made a number of it, it is the number's letters.
type word string

func (w *word) UnmarshalJSON(text []byte) error {
	var letters string
	if err := json.Unmarshal(text, &letters); err == nil {
		*w = word(letters)
		return nil
	}
	var number json.Number
	err := json.Unmarshal(text, &number)
	*w = word(number)
	return err
}

// words are one word or a list of them.
type words []word

func (w *words) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(text, []byte("[")) {
		return json.Unmarshal(text, (*[]word)(w))
	}
	*w = words{""}
	return json.Unmarshal(text, &(*w)[0])
}
