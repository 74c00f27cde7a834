using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Endpoints;

/// <summary>The pagination headers of wire-contract 1.5.</summary>
internal static class Pages
{
    public static void SetPage(this HttpResponse response, long total, int offset, int returned)
    {
        response.Headers["X-Pagination-Total"] = total.ToString(CultureInfo.InvariantCulture);
        if (returned > 0 && offset + (long)returned < total)
        {
            response.Headers["X-Pagination-Next"] = (offset + (long)returned).ToString(CultureInfo.InvariantCulture);
        }
    }
}
