package admin

import "net/http"

// dashboard is the operators' first page.
type dashboard struct {
	frame
}

func (s *server) serveDashboard(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, dashboardPage(dashboard{s.frame(r, "Dashboard")}))
}
