package admin

import (
	"net/http"
	"strings"

	"hearsay/assets"
	"hearsay/hub/store"
)

// A route is a page or a form, and who may use it.
type route struct {
	pattern string // of http.ServeMux
	who     access
	serve   handler
}

// A handler answers a request, or gives back why it cannot: [server.refuse] makes a
// page of that.
type handler func(http.ResponseWriter, *http.Request) error

// routes are all that there is beside the socket. Whoever may see a page in the
// navigation is said here too.
func (s *server) routes() []route {
	return []route{
		{"GET /{$}", anyone, s.serveHome},
		{"GET /docs", anyone, s.serveDocs},
		{"GET /healthz", anyone, plainly(s.serveHealth)},
		{"GET /readyz", anyone, plainly(s.serveReady)},
		{"GET /metrics", anyone, plainly(s.serveMetrics)},
		{"GET /assets/", anyone, plainly(assets.Handler().ServeHTTP)},
		{"/", anyone, s.serveMissing},

		{"GET /setup/{token}", anyone, s.serveSetup},
		{"POST /setup/{token}", anyone, s.serveSetUp},
		{"GET /login", anyone, s.serveLogin},
		{"POST /login", anyone, s.serveLogIn},
		{"POST /login/code", anyone, s.serveLoginCode},
		{"POST /logout", anyone, s.serveLogOut},
		{"GET /password/{token}", anyone, s.serveLink},
		{"POST /password/{token}", anyone, s.serveLinkUse},

		{"GET /admin/account", moderator, s.serveAccount},
		{"POST /admin/account/password", moderator, s.servePasswordChange},
		{"GET /admin/account/totp", moderator, s.serveTOTP},
		{"POST /admin/account/totp", moderator, s.serveTOTPEnable},
		{"POST /admin/account/totp/off", moderator, s.serveTOTPDisable},
		{"POST /admin/account/sessions/{id}/revoke", moderator, s.serveOwnSessionRevoke},

		{"GET /admin", moderator, s.serveDashboard},
		{"GET /admin/live/{topic}", moderator, s.serveLive},
		{"POST /admin/undo", admin, s.serveUndo},
		{"POST /admin/secret", admin, s.serveSecretPut},
		{"GET /admin/games", admin, s.serveGames},
		{"GET /admin/new/game", admin, s.serveGameNew},
		{"POST /admin/new/game", admin, s.serveGameAdd},
		{"GET /admin/games/{name}", admin, s.serveGame},
		{"GET /admin/games/{name}/edit", admin, s.serveGameEdit},
		{"POST /admin/games/{name}/edit", admin, s.serveGameChange},
		{"POST /admin/games/{name}/connections", admin, s.partOf(s.addConnection)},
		{"POST /admin/games/{name}/connections/remove", admin, s.partOf(s.removeConnection)},
		{"POST /admin/games/{name}/redirects", admin, s.partOf(s.addRedirect)},
		{"POST /admin/games/{name}/redirects/remove", admin, s.partOf(s.removeRedirect)},
		{"POST /admin/games/{name}/events", admin, s.partOf(s.addEvent)},
		{"POST /admin/games/{name}/events/edit", admin, s.partOf(s.changeEvent)},
		{"POST /admin/games/{name}/events/remove", admin, s.partOf(s.removeEvent)},
		{"GET /admin/games/{name}/secret", admin, s.serveSecret},
		{"GET /admin/games/{name}/doctor", admin, s.serveDoctor(gameKind)},
		{"POST /admin/games/{name}/rotate", admin, s.serveRotate(gameKind)},
		{"POST /admin/games/{name}/end-secret", admin, s.serveEndSecret(gameKind)},
		{"POST /admin/games/{name}/suspend", admin, s.serveSuspend(gameKind)},
		{"POST /admin/games/{name}/resume", admin, s.serveResume(gameKind)},
		{"POST /admin/games/{name}/remove", admin, s.serveRemove(gameKind)},

		{"GET /admin/applications", admin, s.serveApplications},
		{"GET /admin/new/application", admin, s.serveApplicationNew},
		{"POST /admin/new/application", admin, s.serveApplicationAdd},
		{"GET /admin/applications/{name}", admin, s.serveApplication},
		{"GET /admin/applications/{name}/sees", admin, s.serveSees},
		{"GET /admin/applications/{name}/edit", admin, s.serveApplicationEdit},
		{"POST /admin/applications/{name}/edit", admin, s.serveApplicationChange},
		{"GET /admin/applications/{name}/secret", admin, s.serveSecret},
		{"GET /admin/applications/{name}/doctor", admin, s.serveDoctor(applicationKind)},
		{"POST /admin/applications/{name}/rotate", admin, s.serveRotate(applicationKind)},
		{"POST /admin/applications/{name}/end-secret", admin, s.serveEndSecret(applicationKind)},
		{"POST /admin/applications/{name}/suspend", admin, s.serveSuspend(applicationKind)},
		{"POST /admin/applications/{name}/resume", admin, s.serveResume(applicationKind)},
		{"POST /admin/applications/{name}/remove", admin, s.serveRemove(applicationKind)},

		{"GET /admin/channels", moderator, s.serveChannels},
		{"GET /admin/new/channel", admin, s.serveChannelNew},
		{"POST /admin/new/channel", admin, s.serveChannelAdd},
		{"GET /admin/channels/{name}", moderator, s.serveChannel},
		{"POST /admin/channels/{name}/pause", moderator, s.servePause},
		{"POST /admin/channels/{name}/unpause", moderator, s.serveUnpause},
		{"GET /admin/channels/{name}/edit", admin, s.serveChannelEdit},
		{"POST /admin/channels/{name}/edit", admin, s.serveChannelChange},
		{"POST /admin/channels/{name}/remove", admin, s.serveChannelRemove},
		{"GET /admin/messages", moderator, s.serveMessages},
		{"GET /admin/messages/export", moderator, s.serveExport},

		{"GET /admin/rules", moderator, s.serveRules},
		{"GET /admin/new/rule", moderator, s.serveRuleNew},
		{"POST /admin/new/rule", moderator, s.serveRuleAdd},
		{"GET /admin/rules/{id}", moderator, s.serveRule},
		{"POST /admin/rules/{id}", moderator, s.serveRuleChange},
		{"POST /admin/rules/{id}/end", moderator, s.serveRuleEnd},
		{"GET /admin/review", moderator, s.serveReview},
		{"POST /admin/review", moderator, s.serveReviewDecide},
		{"GET /admin/messages/{id}", moderator, s.serveMessage},
		{"POST /admin/messages/{id}/hide", moderator, s.serveMessageHide},
		{"POST /admin/messages/{id}/unhide", moderator, s.serveMessageUnhide},
		{"POST /admin/messages/{id}/mute", moderator, s.serveMessageMute},

		{"GET /admin/console", admin, s.serveConsole},
		{"POST /admin/console/{name}/lend", admin, s.serveLend},
		{"POST /admin/console/{name}/prompt", admin, s.servePrompt},

		{"GET /admin/blocks", admin, s.serveBlocks},
		{"POST /admin/blocks", admin, s.serveBlockAdd},
		{"POST /admin/blocks/remove", admin, s.serveBlockRemove},

		{"GET /admin/people", admin, s.servePeople},
		{"GET /admin/new/user", admin, s.servePersonNew},
		{"POST /admin/new/user", admin, s.servePersonAdd},
		{"POST /admin/people/waiting", admin, s.servePeopleDecide},
		{"GET /admin/people/{name}", admin, s.servePerson},
		{"POST /admin/people/{name}/approve", admin, s.servePersonApprove},
		{"POST /admin/people/{name}/deny", admin, s.servePersonDeny},
		{"POST /admin/people/{name}/ban", admin, s.servePersonBan},
		{"POST /admin/people/{name}/unban", admin, s.servePersonUnban},
		{"POST /admin/people/{name}/role", admin, s.servePersonRole},
		{"POST /admin/people/{name}/link", admin, s.servePersonLink},
		{"POST /admin/people/{name}/totp/off", admin, s.servePersonTOTPOff},
		{"POST /admin/people/{name}/remove", admin, s.servePersonRemove},
		{"GET /admin/sessions", admin, s.serveSessions},
		{"POST /admin/sessions/{id}/revoke", admin, s.serveSessionRevoke},

		{"GET /admin/audit", admin, s.serveAudit},
		{"GET /admin/settings", admin, s.serveSettings},
		{"POST /admin/settings/{name}", admin, s.serveSettingSet},
		{"POST /admin/settings/{name}/unset", admin, s.serveSettingUnset},
		{"GET /admin/restart", admin, s.serveRestart},
		{"POST /admin/restart/announce", admin, s.serveRestartAnnounce},
		{"POST /admin/restart/now", admin, s.serveRestartNow},
		{"GET /admin/backups", admin, s.serveBackups},
		{"POST /admin/backups", admin, s.serveBackupMake},
		{"GET /admin/backups/{name}", admin, s.serveBackup},
		{"POST /admin/backups/{name}/check", admin, s.serveBackupCheck},
		{"POST /admin/backups/{name}/download", admin, s.serveBackupDownload},
		{"POST /admin/backups/{name}/restore", admin, s.serveBackupRestore},
		{"POST /admin/backups/{name}/remove", admin, s.serveBackupRemove},
		{"GET /admin/about", admin, s.serveAbout},
		{"GET /admin/about/licences", admin, s.serveLicences},
	}
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	for _, one := range s.routes() {
		mux.Handle(one.pattern, s.admit(one))
	}
	return mux
}

// plainly is for handlers that say themselves what is wrong.
func plainly(serve http.HandlerFunc) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		serve(w, r)
		return nil
	}
}

// An item is a line of the navigation.
type item struct {
	Path, Label string
	who         access
}

// navigation is what the operators' pages are reached by, in groups.
var navigation = [][]item{
	{
		{"/admin", "Dashboard", moderator},
		{"/admin/games", "Games", admin},
		{"/admin/applications", "Applications", admin},
		{"/admin/console", "Console", admin},
	},
	{
		{"/admin/channels", "Channels", moderator},
		{"/admin/messages", "Messages", moderator},
		{"/admin/review", "Review", moderator},
		{"/admin/rules", "Rules", moderator},
	},
	{
		{"/admin/blocks", "Blocked names", admin},
		{"/admin/people", "People", admin},
		{"/admin/sessions", "Sessions", admin},
		{"/admin/audit", "Audit log", admin},
	},
	{
		{"/admin/settings", "Settings", admin},
		{"/admin/backups", "Backups", admin},
		{"/admin/restart", "Restart", admin},
		{"/admin/about", "About", admin},
	},
}

// Current reports whether a page at that path belongs to the item.
func (i item) Current(path string) bool {
	return path == i.Path || i.Path != "/admin" && strings.HasPrefix(path, i.Path+"/")
}

// topics are the parts of pages that are live, at /admin/live/NAME.
func (s *server) topics() map[string]topic {
	return map[string]topic{
		"application":  s.applicationTopic(),
		"conversation": showing(s.loadConversation, conversationPart),
		"dashboard":    s.overviewTopic(admin, store.Admin),
		"overview":     s.overviewTopic(moderator, store.Moderator),
		"review":       s.waiting(),
		"doctor":       s.doctorTopic(),
		"synced":       s.syncedTopic(),
	}
}
