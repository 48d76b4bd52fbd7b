package site

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// How long a person takes to fill in a form, at least and at most: who collects forms to
// use them all at once takes longer.
const (
	fillTime = 3 * time.Second
	fillMost = 2 * time.Hour
)

// forms put into a form when it was shown, signed with a key that ends with the program.
type forms struct{ key [32]byte }

func newForms() (f forms) {
	rand.Read(f.key[:])
	return f
}

// stamp says that a form is shown now.
func (f *forms) stamp(now time.Time) string {
	text := binary.BigEndian.AppendUint64(nil, uint64(now.UnixMilli()))
	return base64.RawURLEncoding.EncodeToString(f.sign(text))
}

func (f *forms) sign(text []byte) []byte {
	mac := hmac.New(sha256.New, f.key[:])
	mac.Write(text)
	return mac.Sum(text[:len(text):len(text)])
}

// age is how long ago a form with that stamp was shown; not ok: the stamp is not ours.
func (f *forms) age(stamp string, now time.Time) (age time.Duration, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(stamp)
	if err != nil || len(b) != 8+sha256.Size || !hmac.Equal(b, f.sign(b[:8])) {
		return 0, false
	}
	return now.Sub(time.UnixMilli(int64(binary.BigEndian.Uint64(b)))), true
}
