using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sidecar.Injector.Kubernetes;

namespace Sidecar.Injector.Checks;

/// <summary>May whoever asks install the chart?</summary>
internal static class PermissionChecks
{
    private static readonly (string Group, string Resource, bool IsNamespaced)[] Needed =
    [
        ("admissionregistration.k8s.io", "mutatingwebhookconfigurations", false),
        ("admissionregistration.k8s.io", "validatingwebhookconfigurations", false),
        ("rbac.authorization.k8s.io", "clusterroles", false),
        ("rbac.authorization.k8s.io", "clusterrolebindings", false),
        ("apps", "deployments", true),
        ("", "secrets", true),
    ];

    /// <summary>Asks the API server for each kind.</summary>
    public static async Task<CheckLine> RunAsync(CheckScope scope, CancellationToken cancellationToken)
    {
        const string what = "permissions";
        var refused = new List<string>();
        try
        {
            foreach (var (group, resource, isNamespaced) in Needed)
            {
                using var answer = await scope.Api.SendAsync(
                    HttpMethod.Post,
                    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                    "application/json",
                    Encoding.UTF8.GetBytes(Review(group, resource, isNamespaced ? scope.Namespace : null).ToJsonString()),
                    cancellationToken);
                if (answer.RootElement.Member("status", "allowed") is not { ValueKind: JsonValueKind.True })
                {
                    refused.Add(resource);
                }
            }
        }
        catch (ApiException e)
        {
            return CheckLine.Warn(what, $"cannot be asked for: {e.Message}");
        }

        return refused.Count == 0
            ? CheckLine.Ok(what, "the chart may be installed")
            : CheckLine.Warn(what, $"no right to create {string.Join(", ", refused)}", "install the chart as a cluster administrator");
    }

    private static JsonObject Review(string group, string resource, string? @namespace) => new()
    {
        ["apiVersion"] = "authorization.k8s.io/v1",
        ["kind"] = "SelfSubjectAccessReview",
        ["spec"] = new JsonObject
        {
            ["resourceAttributes"] = new JsonObject { ["group"] = group, ["resource"] = resource, ["verb"] = "create", ["namespace"] = @namespace ?? "" },
        },
    };
}
