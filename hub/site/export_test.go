package site

// Routes are the patterns of all routes.
func Routes() (patterns []string) {
	for _, one := range New(Options{}).routes() {
		patterns = append(patterns, one.Pattern)
	}
	return patterns
}
