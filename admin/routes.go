package admin

import (
	"hearsay/assets"
	"hearsay/hub/page"
	"hearsay/hub/store"
)

// routes are all that there is beside the socket. Whoever may see a page in the
// navigation is said here too.
func (s *server) routes() []page.Route {
	return []page.Route{
		page.To("GET /docs", page.Anyone, s.serveDocs),
		page.To("GET /healthz", page.Anyone, page.Plainly(s.serveHealth)),
		page.To("GET /readyz", page.Anyone, page.Plainly(s.serveReady)),
		page.To("GET /metrics", page.Anyone, page.Plainly(s.serveMetrics)),
		page.To("GET /assets/", page.Anyone, page.Plainly(assets.Handler().ServeHTTP)),
		page.To("/", page.Anyone, s.serveMissing),

		page.To("GET /setup/{token}", page.Anyone, s.serveSetup),
		page.To("POST /setup/{token}", page.Anyone, s.serveSetUp),
		page.To("GET /login", page.Anyone, s.serveLogin),
		page.To("POST /login", page.Anyone, s.serveLogIn),
		page.To("POST /login/code", page.Anyone, s.serveLoginCode),
		page.To("POST /logout", page.Anyone, s.serveLogOut),
		page.To("GET /password/{token}", page.Anyone, s.serveLink),
		page.To("POST /password/{token}", page.Anyone, s.serveLinkUse),

		page.To("GET /forgotten", page.Anyone, s.serveForgotten),
		page.To("POST /forgotten", page.Anyone, s.serveForgottenSend),
		page.To("GET /email/{token}", page.Anyone, s.serveEmailLink),
		page.To("POST /email/{token}", page.Anyone, s.serveEmailVerify),
		page.To("GET /closed", page.Anyone, s.serveClosed),

		page.To("GET /account", page.Person, s.serveAccount),
		page.To("POST /account/password", page.Person, s.servePasswordChange),
		page.To("GET /account/totp", page.Person, s.serveTOTP),
		page.To("POST /account/totp", page.Person, s.serveTOTPEnable),
		page.To("POST /account/totp/off", page.Person, s.serveTOTPDisable),
		page.To("POST /account/sessions/{id}/revoke", page.Person, s.serveOwnSessionRevoke),
		page.To("POST /account/email", page.Person, s.serveEmailChange),
		page.To("POST /account/email/send", page.Person, s.serveEmailSend),
		page.To("GET /account/export", page.Person, s.serveAccountExport),
		page.To("POST /account/close", page.Person, s.serveAccountClose),

		page.To("GET /admin", page.Moderator, s.serveDashboard),
		page.To("GET /admin/live/{topic}", page.Moderator, s.ServeLive(s.live(), page.Moderator)),
		page.To("POST /admin/undo", page.Admin, s.serveUndo),
		page.To("POST /admin/secret", page.Person, s.serveSecretPut),
		page.To("GET /admin/mine", page.Person, s.serveMine),
		page.To("POST /admin/mine/accept", page.Person, s.serveAccept),
		page.To("POST /admin/mine/decline", page.Person, s.serveDecline),
		page.To("GET /admin/mine/new", page.Person, s.serveRegister),
		page.To("POST /admin/mine/new", page.Person, s.serveRegisterGame),
		page.To("GET /admin/games", page.Admin, s.serveGames),
		page.To("GET /admin/new/game", page.Admin, s.serveGameNew),
		page.To("POST /admin/new/game", page.Admin, s.serveGameAdd),
		page.To("GET /admin/games/{name}", page.Owner, s.serveGame),
		page.To("GET /admin/games/{name}/live/{topic}", page.Owner, s.ServeLive(s.gameLive(), page.Owner)),
		page.To("GET /admin/games/{name}/edit", page.Owner, s.serveGameEdit),
		page.To("POST /admin/games/{name}/edit", page.Owner, s.serveGameChange),
		page.To("POST /admin/games/{name}/connections", page.Owner, s.partOf(s.addConnection)),
		page.To("POST /admin/games/{name}/connections/remove", page.Owner, s.partOf(s.removeConnection)),
		page.To("POST /admin/games/{name}/redirects", page.Owner, s.partOf(s.addRedirect)),
		page.To("POST /admin/games/{name}/redirects/remove", page.Owner, s.partOf(s.removeRedirect)),
		page.To("POST /admin/games/{name}/events", page.Owner, s.partOf(s.addEvent)),
		page.To("POST /admin/games/{name}/events/edit", page.Owner, s.partOf(s.changeEvent)),
		page.To("POST /admin/games/{name}/events/remove", page.Owner, s.partOf(s.removeEvent)),
		page.To("GET /admin/games/{name}/secret", page.Owner, s.serveSecret),
		page.To("GET /admin/games/{name}/achievements", page.Owner, s.serveAchievements),
		page.To("POST /admin/games/{name}/achievements", page.Owner, s.serveAchievementAdd),
		page.To("POST /admin/games/{name}/achievements/edit", page.Owner, s.serveAchievementChange),
		page.To("POST /admin/games/{name}/achievements/remove", page.Owner, s.serveAchievementRemove),
		page.To("GET /admin/games/{name}/ignores", page.Owner, s.serveIgnores),
		page.To("POST /admin/games/{name}/ignores", page.Owner, s.serveIgnoreAdd),
		page.To("POST /admin/games/{name}/ignores/remove", page.Owner, s.serveIgnoreRemove),
		page.To("GET /admin/games/{name}/characters", page.Owner, s.serveGameCharacters),
		page.To("GET /admin/games/{name}/characters/{id}", page.Owner, s.serveGameCharacter),
		page.To("POST /admin/games/{name}/characters/{id}/veto", page.Owner, s.serveVeto),
		page.To("POST /admin/games/{name}/characters/{id}/lift-veto", page.Owner, s.serveVetoLift),
		page.To("GET /admin/games/{name}/doctor", page.Owner, s.serveDoctor(gameKind)),
		page.To("POST /admin/games/{name}/rotate", page.Owner, s.serveRotate(gameKind)),
		page.To("POST /admin/games/{name}/end-secret", page.Owner, s.serveEndSecret(gameKind)),
		page.To("POST /admin/games/{name}/transfer", page.Owner, s.partOf(s.offerGame)),
		page.To("POST /admin/games/{name}/transfer/withdraw", page.Owner, s.partOf(s.withdrawGame)),
		page.To("POST /admin/games/{name}/approve", page.Admin, s.serveGameApprove),
		page.To("POST /admin/games/{name}/deny", page.Admin, s.serveGameDeny),
		page.To("POST /admin/games/{name}/suspend", page.Admin, s.serveSuspend(gameKind)),
		page.To("POST /admin/games/{name}/resume", page.Admin, s.serveResume(gameKind)),
		page.To("POST /admin/games/{name}/remove", page.Admin, s.serveRemove(gameKind)),

		page.To("GET /admin/applications", page.Admin, s.serveApplications),
		page.To("GET /admin/new/application", page.Admin, s.serveApplicationNew),
		page.To("POST /admin/new/application", page.Admin, s.serveApplicationAdd),
		page.To("GET /admin/applications/{name}", page.Admin, s.serveApplication),
		page.To("GET /admin/applications/{name}/sees", page.Admin, s.serveSees),
		page.To("GET /admin/applications/{name}/edit", page.Admin, s.serveApplicationEdit),
		page.To("POST /admin/applications/{name}/edit", page.Admin, s.serveApplicationChange),
		page.To("GET /admin/applications/{name}/secret", page.Admin, s.serveSecret),
		page.To("GET /admin/applications/{name}/doctor", page.Admin, s.serveDoctor(applicationKind)),
		page.To("POST /admin/applications/{name}/rotate", page.Admin, s.serveRotate(applicationKind)),
		page.To("POST /admin/applications/{name}/end-secret", page.Admin, s.serveEndSecret(applicationKind)),
		page.To("POST /admin/applications/{name}/suspend", page.Admin, s.serveSuspend(applicationKind)),
		page.To("POST /admin/applications/{name}/resume", page.Admin, s.serveResume(applicationKind)),
		page.To("POST /admin/applications/{name}/remove", page.Admin, s.serveRemove(applicationKind)),

		page.To("GET /admin/channels", page.Moderator, s.serveChannels),
		page.To("GET /admin/new/channel", page.Admin, s.serveChannelNew),
		page.To("POST /admin/new/channel", page.Admin, s.serveChannelAdd),
		page.To("GET /admin/channels/{name}", page.Moderator, s.serveChannel),
		page.To("POST /admin/channels/{name}/pause", page.Moderator, s.servePause),
		page.To("POST /admin/channels/{name}/unpause", page.Moderator, s.serveUnpause),
		page.To("GET /admin/channels/{name}/edit", page.Admin, s.serveChannelEdit),
		page.To("POST /admin/channels/{name}/edit", page.Admin, s.serveChannelChange),
		page.To("POST /admin/channels/{name}/remove", page.Admin, s.serveChannelRemove),
		page.To("GET /admin/messages", page.Moderator, s.serveMessages),
		page.To("GET /admin/messages/export", page.Moderator, s.serveExport),

		page.To("GET /admin/rules", page.Moderator, s.serveRules),
		page.To("GET /admin/new/rule", page.Moderator, s.serveRuleNew),
		page.To("POST /admin/new/rule", page.Moderator, s.serveRuleAdd),
		page.To("GET /admin/rules/{id}", page.Moderator, s.serveRule),
		page.To("POST /admin/rules/{id}", page.Moderator, s.serveRuleChange),
		page.To("POST /admin/rules/{id}/end", page.Moderator, s.serveRuleEnd),
		page.To("GET /admin/review", page.Moderator, s.serveReview),
		page.To("POST /admin/review", page.Moderator, s.serveReviewDecide),
		page.To("GET /admin/messages/{id}", page.Moderator, s.serveMessage),
		page.To("POST /admin/messages/{id}/hide", page.Moderator, s.serveMessageHide),
		page.To("POST /admin/messages/{id}/unhide", page.Moderator, s.serveMessageUnhide),
		page.To("POST /admin/messages/{id}/mute", page.Moderator, s.serveMessageMute),

		page.To("GET /admin/console", page.Admin, s.serveConsole),
		page.To("POST /admin/console/{name}/lend", page.Admin, s.serveLend),
		page.To("POST /admin/console/{name}/prompt", page.Admin, s.servePrompt),

		page.To("GET /admin/blocks", page.Admin, s.serveBlocks),
		page.To("POST /admin/blocks", page.Admin, s.serveBlockAdd),
		page.To("POST /admin/blocks/remove", page.Admin, s.serveBlockRemove),

		page.To("GET /admin/people", page.Admin, s.servePeople),
		page.To("GET /admin/new/user", page.Admin, s.servePersonNew),
		page.To("POST /admin/new/user", page.Admin, s.servePersonAdd),
		page.To("POST /admin/people/waiting", page.Admin, s.servePeopleDecide),
		page.To("GET /admin/people/{name}", page.Admin, s.servePerson),
		page.To("POST /admin/people/{name}/approve", page.Admin, s.servePersonApprove),
		page.To("POST /admin/people/{name}/deny", page.Admin, s.servePersonDeny),
		page.To("POST /admin/people/{name}/ban", page.Admin, s.servePersonBan),
		page.To("POST /admin/people/{name}/unban", page.Admin, s.servePersonUnban),
		page.To("POST /admin/people/{name}/role", page.Admin, s.servePersonRole),
		page.To("POST /admin/people/{name}/link", page.Admin, s.servePersonLink),
		page.To("POST /admin/people/{name}/totp/off", page.Admin, s.servePersonTOTPOff),
		page.To("POST /admin/people/{name}/remove", page.Admin, s.servePersonRemove),
		page.To("GET /admin/invites", page.Admin, s.serveInvites),
		page.To("POST /admin/invites", page.Admin, s.serveInviteAdd),
		page.To("POST /admin/invites/{id}/revoke", page.Admin, s.serveInviteRevoke),
		page.To("GET /admin/sessions", page.Admin, s.serveSessions),
		page.To("POST /admin/sessions/{id}/revoke", page.Admin, s.serveSessionRevoke),

		page.To("GET /admin/audit", page.Admin, s.serveAudit),
		page.To("GET /admin/settings", page.Admin, s.serveSettings),
		page.To("POST /admin/settings/{name}", page.Admin, s.serveSettingSet),
		page.To("POST /admin/settings/{name}/unset", page.Admin, s.serveSettingUnset),
		page.To("GET /admin/restart", page.Admin, s.serveRestart),
		page.To("POST /admin/restart/announce", page.Admin, s.serveRestartAnnounce),
		page.To("POST /admin/restart/now", page.Admin, s.serveRestartNow),
		page.To("GET /admin/backups", page.Admin, s.serveBackups),
		page.To("POST /admin/backups", page.Admin, s.serveBackupMake),
		page.To("GET /admin/backups/{name}", page.Admin, s.serveBackup),
		page.To("POST /admin/backups/{name}/check", page.Admin, s.serveBackupCheck),
		page.To("POST /admin/backups/{name}/download", page.Admin, s.serveBackupDownload),
		page.To("POST /admin/backups/{name}/restore", page.Admin, s.serveBackupRestore),
		page.To("POST /admin/backups/{name}/remove", page.Admin, s.serveBackupRemove),
		page.To("GET /admin/about", page.Admin, s.serveAbout),
		page.To("GET /admin/about/licences", page.Admin, s.serveLicences),
	}
}

// navigation is what the operators' pages are reached by, in groups.
var navigation = [][]page.Item{
	{
		{Path: "/admin", Label: "Dashboard", Who: page.Moderator},
		{Path: "/admin/mine", Label: "My games", Who: page.Owner},
		{Path: "/admin/games", Label: "Games", Who: page.Admin},
		{Path: "/admin/applications", Label: "Applications", Who: page.Admin},
		{Path: "/admin/console", Label: "Console", Who: page.Admin},
	},
	{
		{Path: "/admin/channels", Label: "Channels", Who: page.Moderator},
		{Path: "/admin/messages", Label: "Messages", Who: page.Moderator},
		{Path: "/admin/review", Label: "Review", Who: page.Moderator},
		{Path: "/admin/rules", Label: "Rules", Who: page.Moderator},
	},
	{
		{Path: "/admin/blocks", Label: "Blocked names", Who: page.Admin},
		{Path: "/admin/people", Label: "People", Who: page.Admin},
		{Path: "/admin/sessions", Label: "Sessions", Who: page.Admin},
		{Path: "/admin/audit", Label: "Audit log", Who: page.Admin},
	},
	{
		{Path: "/admin/settings", Label: "Settings", Who: page.Admin},
		{Path: "/admin/backups", Label: "Backups", Who: page.Admin},
		{Path: "/admin/restart", Label: "Restart", Who: page.Admin},
		{Path: "/admin/about", Label: "About", Who: page.Admin},
	},
}

// live are the parts of the pages that change while they are looked at.
func (s *server) live() *page.Topics { return page.NewTopics(s.topics(), s.Stopping, s.Log) }

// topics are the parts of pages that are live, at /admin/live/NAME.
func (s *server) topics() map[string]page.Topic {
	return map[string]page.Topic{
		"application":  s.applicationTopic(),
		"running":      s.runningTopic(),
		"conversation": page.Showing(s.loadConversation, conversationPart, "channel"),
		"dashboard":    s.overviewTopic(page.Admin, store.Admin),
		"overview":     s.overviewTopic(page.Moderator, store.Moderator),
		"review":       s.waiting(),
		"doctor":       s.doctorTopic(),
		"synced":       s.syncedTopic(),
	}
}

// gameLive are the parts of the pages of one game that do, at /admin/games/NAME/live/TOPIC:
// whoever may not see the game may not hear of it either.
func (s *server) gameLive() *page.Topics {
	return page.NewTopics(map[string]page.Topic{
		"doctor": s.ownDoctorTopic(),
		"synced": s.syncedTopic(),
	}, s.Stopping, s.Log)
}
