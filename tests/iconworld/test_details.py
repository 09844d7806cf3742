"""Questions about details: captions that differ in one, and a choice among them."""

import numpy as np
import pytest
from tests.tiny import seeded

from iconworld.evaluation.details import QUESTIONS, STYLES, answer
from iconworld.evaluation.quality import Evaluator
from iconworld.scenes.vocabulary import STYLE_WORDS, WORDS
from iconworld.training.evaluator import build_evaluator, encode_pictures, encode_text, tokenize_short
from iconworld.training.pool import to_tensor
from iconworld.training.presets import EVALUATOR
from iconworld.training.text import build_tokenizer


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_has_one_right_answer_that_describes_its_scene(name):
    for seed in range(6):
        question = QUESTIONS[name](seed)
        assert question == QUESTIONS[name](seed)
        assert question.answers[question.right] == question.scene.full_caption()
        assert len(set(question.answers)) == len(question.answers) >= 3


def test_all_answers_come_up():
    for name, count in (("glasses", 3), ("expression", 4), ("style", len(STYLES))):
        assert {QUESTIONS[name](seed).right for seed in range(8)} == set(range(count))


def test_the_most_similar_caption_is_chosen():
    tokenizer = build_tokenizer([*WORDS, *STYLE_WORDS])
    with seeded(0):
        model = build_evaluator(tokenizer, EVALUATOR["tiny"]).eval()
    questions = [QUESTIONS["glasses"](k) for k in range(3)]
    pictures = np.stack([q.scene.picture() for q in questions])
    found = answer(Evaluator(model, tokenizer, (), ()), pictures, questions)
    for k, question in enumerate(questions):
        said = encode_text(model, tokenize_short(tokenizer, question.answers))
        scores = said @ encode_pictures(model, to_tensor(pictures[k : k + 1]))[0]
        assert found[k] == int(scores.argmax())
