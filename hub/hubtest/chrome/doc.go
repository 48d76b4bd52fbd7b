// Package chrome is for tests that look at pages in a real browser: a headless Chromium,
// with axe to find what keeps people out. Test support only.
package chrome
