package assets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed *.css *.js *.svg vendor/*.css vendor/*.js
var files embed.FS

// contentTypes is our own table because the one of package mime asks the
// operating system, and some answer wrongly.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

type asset struct {
	url         string
	contentType string
	content     []byte
	compressed  func() []byte // by gzip, when somebody first wants it
}

var byName, byURL = load(files)

// URL returns the path under which [Handler] serves the named file, such as
// /assets/0123456789abcdef/app.css. It panics if there is no such file.
func URL(name string) string {
	a, ok := byName[name]
	if !ok {
		panic(fmt.Sprintf("assets: no file %q", name))
	}
	return a.url
}

// Handler serves the paths that [URL] returns, to be cached for a year, and
// answers 404 to any other. A wrong hash comes from a page of another build:
// this build's content must not be cached under it.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := byURL[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", a.contentType)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("Vary", "Accept-Encoding")
		content := a.content
		if TakesGzip(r) {
			h.Set("Content-Encoding", "gzip")
			content = a.compressed()
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
}

// TakesGzip reports whether the browser understands gzip: all do, but some programs do not.
func TakesGzip(r *http.Request) bool {
	for _, coding := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(coding, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			weight = strings.ReplaceAll(weight, " ", "")
			return weight != "q=0" && !strings.HasPrefix(weight, "q=0.0")
		}
	}
	return false
}

func compress(content []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic("assets: " + err.Error()) // the level is one, and memory takes all
	}
	return b.Bytes()
}

func load(files fs.FS) (byName, byURL map[string]asset) {
	byName, byURL = make(map[string]asset), make(map[string]asset)
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		contentType, ok := contentTypes[path.Ext(name)]
		if !ok {
			return fmt.Errorf("%s: unknown content type", name)
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		a := asset{
			url:         "/assets/" + hex.EncodeToString(sum[:8]) + "/" + name,
			contentType: contentType,
			content:     content,
			compressed:  sync.OnceValue(func() []byte { return compress(content) }),
		}
		byName[name], byURL[a.url] = a, a
		return nil
	})
	if err != nil {
		panic("assets: " + err.Error()) // the embedded files are part of the program: a fault here is ours
	}
	return byName, byURL
}
