package admin

// Routes are the patterns of all routes.
func Routes() (patterns []string) {
	for _, one := range (&server{}).routes() {
		patterns = append(patterns, one.Pattern)
	}
	return patterns
}

// Clients are those that have snippets.
func Clients() []client { return clients }
