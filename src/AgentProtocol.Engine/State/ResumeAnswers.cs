using System.Text.Json;
using AgentProtocol.Engine.Lifecycle;

namespace AgentProtocol.Engine.State;

/// <summary>Matches <c>command.resume</c> with what was asked: a map by interrupt id, else one answer for all (wire-contract 5.8).</summary>
internal static class ResumeAnswers
{
    /// <summary>The answer to a question; undefined when there is none.</summary>
    public static JsonElement For(RunInterrupt interrupt, RunPause pause, JsonElement resume) =>
        !IsMap(resume, pause) ? resume
        : resume.TryGetProperty(interrupt.Id, out var answer) ? answer : default;

    private static bool IsMap(JsonElement resume, RunPause pause) =>
        resume.ValueKind == JsonValueKind.Object && resume.EnumerateObject().MoveNext()
        && resume.EnumerateObject().All(member => pause.Interrupts.Any(interrupt => interrupt.Id == member.Name));
}
