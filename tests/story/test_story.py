"""The whole system, played from both sides."""

from tests.story.cast import Stage
from tests.story.play import play, report_latency


def test_the_main_job_runs_from_end_to_end(stage: Stage) -> None:
    report_latency(play(stage, print), print)
