using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace AgentProtocol.AspNetCore.Auth;

/// <summary>Registers who may call: authentication by key, a policy per scope, CORS, rate limits.</summary>
internal static class AccessServices
{
    public static void AddAccess(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<AuthOptions>().Bind(configuration.GetSection(AuthOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<CorsOptions>().Bind(configuration.GetSection(CorsOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(new OpenAccess(configuration));
        services.TryAddSingleton<RateLimits>();

        services.AddAuthentication();
        services.TryAddTransient<KeyAuthentication>();
        services.AddOptions<AuthenticationOptions>().Configure<IOptions<AuthOptions>>(AddScheme);

        services.AddAuthorization();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IAuthorizationHandler, ScopeHandler>());
        services.AddOptions<AuthorizationOptions>().Configure<IOptions<AuthOptions>>(AddPolicies);

        services.AddCors();
        services.AddOptions<Microsoft.AspNetCore.Cors.Infrastructure.CorsOptions>()
            .Configure<IOptions<CorsOptions>>((cors, ours) => cors.AddPolicy(CrossOrigin.Policy, CrossOrigin.Build(ours.Value)));
    }

    /// <summary>Not beside a host's own authentication: a host with one scheme need not name it as the default, with two it must.</summary>
    private static void AddScheme(AuthenticationOptions authentication, IOptions<AuthOptions> auth)
    {
        if (auth.Value.Mode != AuthOptions.Host)
        {
            authentication.AddScheme<KeyAuthentication>(KeyAuthentication.SchemeName, displayName: null);
        }
    }

    private static void AddPolicies(AuthorizationOptions authorization, IOptions<AuthOptions> auth)
    {
        foreach (var (policy, scope) in AccessPolicies.All)
        {
            authorization.AddPolicy(policy, builder =>
            {
                builder.AddRequirements(new ScopeRequirement(scope));
                if (auth.Value.Mode != AuthOptions.Host)
                {
                    builder.AddAuthenticationSchemes(KeyAuthentication.SchemeName);
                }
            });
        }
    }
}
