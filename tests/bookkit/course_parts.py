"""What the course packs are made of: for each chapter its exercises, with the text of the build."""

from book_files import BOOK

from lmgbook.bookkit import course

PARTS = {
    path.parent.name: course._to_grade(path, course.read(path))
    for path in sorted(BOOK.glob("*/exercises.ipynb"))
}
