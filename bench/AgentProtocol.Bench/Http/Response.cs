using System.Text;

namespace AgentProtocol.Bench.Http;

/// <summary>A complete answer; the body is valid until the next request on the same connection.</summary>
internal readonly ref struct Response(int status, ReadOnlySpan<byte> body)
{
    public int Status { get; } = status;
    public ReadOnlySpan<byte> Body { get; } = body;

    public Response EnsureSuccess(string what)
    {
        if (Status is < 200 or > 299)
        {
            throw new UnexpectedAnswerException($"{what} answered {Status}: {Excerpt()}");
        }

        return this;
    }

    public string Excerpt() => Encoding.UTF8.GetString(Body[..Math.Min(Body.Length, 200)]);
}
