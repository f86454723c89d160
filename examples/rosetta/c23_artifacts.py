"""Prefect > Advanced Patterns > Artifacts."""

from textwrap import dedent

from weft import flow, task
from weft.artifacts import create_markdown_artifact


@task
def generate_report(metrics: dict):
    markdown = dedent(f"""
        # Daily Trading Report

        | Metric | Value |
        |--------|-------|
        | Total Volume | {metrics["volume"]:,} |
        | Trade Count | {metrics["count"]:,} |
        | Avg Price | ${metrics["avg_price"]:.2f} |
        """)

    create_markdown_artifact(
        key="daily-report",
        markdown=markdown,
        description="Daily trading summary",
    )


@flow
def report():
    generate_report({"volume": 12_500, "count": 42, "avg_price": 101.25})


if __name__ == "__main__":
    report()
