using AgentProtocolServer.Verbs;

return args switch
{
    ["serve", .. var rest] => await ServeVerb.RunAsync(rest),
    ["migrate", .. var rest] => await MigrateVerb.RunAsync(rest),
    ["key", .. var rest] => await KeyVerb.RunAsync(rest),
    ["health", .. var rest] => await HealthVerb.RunAsync(rest),
    ["audit", .. var rest] => await AuditVerb.RunAsync(rest),
    ["help" or "--help" or "-h"] => HelpVerb.Run(),
    [{ } unknown, ..] when !unknown.StartsWith('-') && !unknown.Contains('=') => HelpVerb.RunUnknown(unknown),
    _ => await ServeVerb.RunAsync(args),
};
