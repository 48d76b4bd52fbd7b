package page_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// TestRefuse_busy: while another program keeps the database locked, a page that has to write says
// so, and that it may be tried again.
func TestRefuse_busy(t *testing.T) {
	w := httptest.NewRecorder()
	page.New(page.Options{}, nil).Refuse(w, httptest.NewRequest(http.MethodPost, "/login", nil), fmt.Errorf("sign in: %w", store.ErrBusy))
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "The database is locked") {
		t.Errorf("got %d: %s", w.Code, w.Body)
	}
}
